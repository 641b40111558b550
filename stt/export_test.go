package stt

// EndingOf names the rule by which the text of a turn decides when it is over.
func EndingOf(text, language string, e Expectation) string {
	return [...]string{plain: "plain", complete: "complete", unfinished: "unfinished"}[endingOf(text, language, e)]
}
