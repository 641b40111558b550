package pocketsphinx

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"agentos.dev/dialtone/stt"
)

// debianModel is where the package pocketsphinx-en-us puts the model.
const debianModel = "/usr/share/pocketsphinx/model/en-us"

//go:embed telephone-flite.mllr
var telephone []byte

// installation is where the parts of PocketSphinx are.
type installation struct {
	binary, acoustic, dictionary, language, phones string
}

// Available returns nil when the Debian packages are installed, and otherwise an
// error that names those that are missing and is [stt.ErrUnavailable].
func Available() error {
	_, err := findInstallation("", "")
	return err
}

func findInstallation(binary, modelDir string) (installation, error) {
	var missing []error
	if binary == "" {
		binary = "pocketsphinx_batch"
	}
	path, err := exec.LookPath(binary)
	if err != nil {
		missing = append(missing, fmt.Errorf("%s not found: apt-get install pocketsphinx", binary))
	}
	if modelDir == "" {
		modelDir = debianModel
	}
	in := installation{
		binary:     path,
		acoustic:   filepath.Join(modelDir, "en-us"),
		dictionary: filepath.Join(modelDir, "cmudict-en-us.dict"),
		language:   filepath.Join(modelDir, "en-us.lm.bin"),
		phones:     filepath.Join(modelDir, "en-us-phone.lm.bin"),
	}
	for _, file := range []string{filepath.Join(in.acoustic, "mdef"), in.dictionary, in.language, in.phones} {
		if _, err := os.Stat(file); err != nil {
			missing = append(missing, fmt.Errorf("%s not found: apt-get install pocketsphinx-en-us", file))
			break
		}
	}
	if err := errors.Join(missing...); err != nil {
		return installation{}, &stt.Error{Engine: name, Op: "open", Kind: stt.ErrUnavailable, Err: err}
	}
	return in, nil
}

// model is a folder prepared for the processes, and how to start them.
type model struct {
	dir     *folder
	decoder []string       // command line
	phones  []string       // command line of the phone loop; nil in dictation
	lengths map[string]int // phones of each word
}

// prepare writes the grammar, its dictionary and the transform into a new folder.
func prepare(in installation, o Options) (_ model, err error) {
	if !o.Dictation && len(o.Phrases) == 0 {
		return model{}, errNoPhrases
	}
	dir, err := newFolder()
	if err != nil {
		return model{}, &stt.Error{Engine: name, Op: "open", Kind: stt.ErrUnavailable, Err: err}
	}
	defer func() {
		if err != nil {
			dir.remove()
		}
	}()
	common := []string{in.binary, "-logfn", os.DevNull, "-adcin", "yes", "-cepdir", "/", "-cepext", "",
		"-ctl", "/dev/stdin", "-hypseg", "/dev/stdout", "-hmm", in.acoustic}
	if !o.Wideband {
		file := filepath.Join(dir.path, "telephone.mllr")
		if err := os.WriteFile(file, telephone, 0o600); err != nil {
			return model{}, err
		}
		common = append(common, "-mllr", file)
	}
	if o.Dictation {
		return model{dir: dir, decoder: with(common, "-lm", in.language, "-dict", in.dictionary)}, nil
	}
	phrases, err := cleanPhrases(o.Phrases)
	if err != nil {
		return model{}, err
	}
	dictionary, missing, err := dictionaryOf(in.dictionary, phrases, o.Pronunciations)
	if err != nil {
		return model{}, err
	}
	spelled, err := spell(missing, o.Logger)
	if err != nil {
		return model{}, err
	}
	dictionary = append(dictionary, spelled...)
	grammarFile, dictFile := filepath.Join(dir.path, "phrases.gram"), filepath.Join(dir.path, "phrases.dict")
	if err := os.WriteFile(grammarFile, grammar(phrases), 0o600); err != nil {
		return model{}, err
	}
	if err := os.WriteFile(dictFile, dictionary, 0o600); err != nil {
		return model{}, err
	}
	return model{
		dir:     dir,
		lengths: lengths(dictionary),
		decoder: with(common, "-beam", "1e-64", "-pbeam", "1e-64", "-wbeam", "1e-40",
			"-jsgf", grammarFile, "-dict", dictFile),
		phones: with(common, "-allphone", in.phones, "-allphone_ci", "yes", "-beam", "1e-20",
			"-pbeam", "1e-20", "-lw", "2.0", "-dict", dictFile),
	}, nil
}

// with appends to a copy of args.
func with(args []string, more ...string) []string {
	return append(append([]string(nil), args...), more...)
}
