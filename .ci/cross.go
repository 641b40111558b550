// Command cross type-checks every package of every module, tests included, for
// the systems that developers have, from source and without compiling:
//
//	GOWORK=off go run .ci/cross.go
//
// It prints each error with its system and exits 1. Function bodies are checked in
// the packages of a module; of their imports the declarations alone, once per
// system. Assembly is not read.
package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

var targets = []string{"darwin/arm64", "windows/amd64", "freebsd/amd64", "linux/arm64"}

func main() {
	modules, err := exec.Command("git", "ls-files", "go.mod", "*/go.mod").Output()
	if err != nil {
		fmt.Fprintln(os.Stderr, "git ls-files:", err)
		os.Exit(2)
	}
	files := &files{set: token.NewFileSet(), parsed: map[string]func() (*ast.File, error){}}
	var (
		working sync.WaitGroup
		reports = make([][]string, len(targets))
		places  = make(chan struct{}, 2) // systems at a time: the syntax and types of all four are large
	)
	for i, target := range targets {
		working.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			system, arch, _ := strings.Cut(target, "/")
			c := &checker{
				files: files,
				env:   append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+arch),
				sizes: types.SizesFor("gc", arch),
				known: map[string]*checked{},
				told:  map[string]bool{},
			}
			for mod := range strings.FieldsSeq(string(modules)) {
				if err := c.module(filepath.Dir(mod)); err != nil {
					c.report("%s: %v", filepath.Dir(mod), err)
				}
			}
			reports[i] = c.reports
		})
	}
	working.Wait()
	status := 0
	for i, target := range targets {
		for _, report := range reports[i] {
			fmt.Printf("%s: %s\n", target, report)
			status = 1
		}
	}
	os.Exit(status)
}

// listed is a package as go list describes it. The files of a test variant
// ("p [p.test]") include the tests.
type listed struct {
	Dir, ImportPath          string
	GoFiles, SFiles, Imports []string
	ImportMap                map[string]string
	DepOnly                  bool
	Module                   *struct{ GoVersion string }
}

// checked is a package with its types. Two packages have the same key when they and
// their imports consist of the same files.
type checked struct {
	key   string
	types *types.Package
}

// checker checks modules for one system.
type checker struct {
	files   *files
	env     []string
	sizes   types.Sizes
	known   map[string]*checked // imported packages by key, shared by the modules
	told    map[string]bool
	reports []string
}

func (c *checker) report(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !c.told[text] {
		c.told[text] = true
		c.reports = append(c.reports, text)
	}
}

// module checks the module in dir. Go list prints a package after its imports.
func (c *checker) module(dir string) error {
	list := exec.Command("go", "list", "-deps", "-test",
		"-json=Dir,ImportPath,GoFiles,SFiles,Imports,ImportMap,DepOnly,Module", "./...")
	var problems bytes.Buffer
	list.Dir, list.Env, list.Stderr = dir, c.env, &problems
	out, err := list.Output()
	if err != nil {
		return fmt.Errorf("go list: %w\n%s", err, bytes.TrimSpace(problems.Bytes()))
	}
	imported := map[string]*checked{"unsafe": {key: "unsafe", types: types.Unsafe}}
	for packages := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := packages.Decode(&p); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("go list: %w", err)
		}
		if p.ImportPath != "unsafe" && !strings.HasSuffix(p.ImportPath, ".test") { // go test generates that main function
			imported[p.ImportPath] = c.check(&p, imported)
		}
	}
}

// check checks a package whose imports are checked.
func (c *checker) check(p *listed, imported map[string]*checked) *checked {
	sum := sha256.New()
	fmt.Fprintln(sum, p.ImportPath, p.Dir, p.GoFiles, p.DepOnly)
	for _, path := range p.Imports {
		if dep := imported[path]; dep != nil {
			fmt.Fprintln(sum, dep.key)
		}
	}
	key := string(sum.Sum(nil))
	if known := c.known[key]; known != nil {
		return known
	}

	config := types.Config{
		Sizes:            c.sizes,
		IgnoreFuncBodies: p.DepOnly,
		Error:            func(err error) { c.report("%v", err) },
		Importer: importer(func(path string) (*types.Package, error) {
			if dep := imported[cmp.Or(p.ImportMap[path], path)]; dep != nil {
				return dep.types, nil
			}
			return nil, fmt.Errorf("cannot find package %q", path)
		}),
	}
	if p.Module != nil && p.Module.GoVersion != "" {
		config.GoVersion = "go" + p.Module.GoVersion
	}
	var syntax []*ast.File
	for _, name := range p.GoFiles {
		file, err := c.files.parse(filepath.Join(p.Dir, name), p.DepOnly)
		if err != nil {
			c.report("%v", err)
		}
		if file == nil {
			continue
		}
		syntax = append(syntax, file)
		if !p.DepOnly && len(p.SFiles) == 0 {
			c.bodies(file)
		}
	}
	path, _, _ := strings.Cut(p.ImportPath, " ")
	pkg, _ := config.Check(path, c.files.set, syntax, nil) // config.Error reports the errors
	done := &checked{key: key, types: pkg}
	c.known[key] = done
	return done
}

// bodies reports functions of file without a body, which only assembly can have.
func (c *checker) bodies(file *ast.File) {
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Body == nil {
			c.report("%s: missing function body", c.files.set.Position(f.Pos()))
		}
	}
}

type importer func(path string) (*types.Package, error)

func (f importer) Import(path string) (*types.Package, error) { return f(path) }

// files parses each file once for all systems.
type files struct {
	set    *token.FileSet
	mu     sync.Mutex
	parsed map[string]func() (*ast.File, error)
}

// parse parses the file at path. With declarations its functions get empty bodies, which take
// less memory.
func (f *files) parse(path string, declarations bool) (*ast.File, error) {
	key := fmt.Sprint(path, declarations)
	f.mu.Lock()
	once := f.parsed[key]
	if once == nil {
		once = sync.OnceValues(func() (*ast.File, error) {
			file, err := parser.ParseFile(f.set, path, nil, parser.SkipObjectResolution)
			if declarations && file != nil {
				for _, decl := range file.Decls {
					if fn, ok := decl.(*ast.FuncDecl); ok && fn.Body != nil {
						fn.Body = &ast.BlockStmt{Lbrace: fn.Body.Lbrace, Rbrace: fn.Body.Rbrace}
					}
				}
			}
			return file, err
		})
		f.parsed[key] = once
	}
	f.mu.Unlock()
	return once()
}
