package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// sources returns the parsed files of the root module, without tests, by their folders.
var sources = sync.OnceValues(func() (map[string][]*ast.File, error) {
	all := make(map[string][]*ast.File)
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || len(d.Name()) > 2 && d.Name()[0] == '.'):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		dir, _ := filepath.Rel(root, filepath.Dir(path))
		all[dir] = append(all[dir], file)
		return err
	})
	return all, err
})

// typeName returns the name of a type of the package, or of what a pointer to one points to.
func typeName(e ast.Expr) string {
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	name, _ := e.(*ast.Ident)
	if name == nil {
		return ""
	}
	return name.Name
}

// TestListsAreWhole: a function such as Reasons, which lists the constants of a type, names
// each of them.
func TestListsAreWhole(t *testing.T) {
	all, err := sources()
	require.NoError(t, err)
	lists := 0
	for dir, files := range all {
		constants := make(map[string][]string) // by type
		for _, file := range files {
			for _, decl := range file.Decls {
				group, ok := decl.(*ast.GenDecl)
				if !ok || group.Tok != token.CONST {
					continue
				}
				for _, spec := range group.Specs {
					if v := spec.(*ast.ValueSpec); v.Type != nil && v.Names[0].IsExported() {
						constants[typeName(v.Type)] = append(constants[typeName(v.Type)], v.Names[0].Name)
					}
				}
			}
		}
		for _, file := range files {
			for _, decl := range file.Decls {
				f, ok := decl.(*ast.FuncDecl)
				if !ok || f.Recv != nil || f.Body == nil || len(f.Type.Params.List) > 0 || constants[strings.TrimSuffix(f.Name.Name, "s")] == nil {
					continue
				}
				lists++
				named := make(map[string]bool)
				ast.Inspect(f.Body, func(n ast.Node) bool {
					if name, ok := n.(*ast.Ident); ok {
						named[name.Name] = true
					}
					return true
				})
				for _, constant := range constants[strings.TrimSuffix(f.Name.Name, "s")] {
					require.True(t, named[constant], "%s: add %s to %s", dir, constant, f.Name.Name)
				}
			}
		}
	}
	require.Positive(t, lists)
}

// What holds secrets: options with such fields, of text or bytes.
var (
	options = regexp.MustCompile(`(Options|Config)$`)
	secrets = regexp.MustCompile(`^(API|Auth|Shared|Session)?(Key|Secret|Token|Password)s?(ByAccount)?$`)
)

// isText reports whether a type is made of strings or bytes.
func isText(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.ArrayType:
		return isText(e.Elt)
	case *ast.MapType:
		return isText(e.Value)
	}
	return typeName(e) == "string" || typeName(e) == "byte"
}

// TestSecretsAreNotPrinted: options with a key, a token or a password in them decide
// themselves what fmt, slog and encoding/json print of them.
func TestSecretsAreNotPrinted(t *testing.T) {
	all, err := sources()
	require.NoError(t, err)
	found := 0
	for dir, files := range all {
		methods := make(map[string]bool) // Type.Method
		for _, file := range files {
			for _, decl := range file.Decls {
				if f, ok := decl.(*ast.FuncDecl); ok && f.Recv != nil {
					methods[typeName(f.Recv.List[0].Type)+"."+f.Name.Name] = true
				}
			}
		}
		for _, file := range files {
			ast.Inspect(file, func(n ast.Node) bool {
				spec, ok := n.(*ast.TypeSpec)
				if !ok || !spec.Name.IsExported() || !options.MatchString(spec.Name.Name) {
					return true
				}
				fields, ok := spec.Type.(*ast.StructType)
				if !ok {
					return true
				}
				for _, field := range fields.Fields.List {
					for _, name := range field.Names {
						if !secrets.MatchString(name.Name) || !isText(field.Type) {
							continue
						}
						found++
						can := func(method string) bool { return methods[spec.Name.Name+"."+method] }
						if !can("Format") {
							t.Errorf("%s: fmt prints %s.%s: it has no method Format", dir, spec.Name.Name, name.Name)
						}
						if !can("LogValue") && !can("MarshalText") {
							t.Errorf("%s: slog prints %s.%s: it has no method LogValue or MarshalText", dir, spec.Name.Name, name.Name)
						}
					}
				}
				return true
			})
		}
	}
	require.Positive(t, found)
}
