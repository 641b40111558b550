package live

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestWords(t *testing.T) {
	for _, test := range []struct {
		pieces []string
		told   string // by the service
		want   string // of the text
	}{
		{[]string{"Good morning.", "Is it you?"}, "Good|morning.|Is|it|you?", "0:Good|0:morning|1:Is|1:it|1:you"},
		{[]string{"Good morning."}, "good|Morning", "0:Good|0:morning"},
		{[]string{"It costs $4.50, Mr. O'Brien."}, "It|costs|four|dollars|fifty|Mr|O|Brien", "0:It|0:costs|0:Mr|0:O|0:Brien"},
		{[]string{"It costs $4.50."}, "It|costs|$4.50.", "0:It|0:costs|0:4.50"},
		{[]string{"twenty-four hours"}, "twenty-four|hours", "0:twenty-four|0:hours"},
		{[]string{"the the the end"}, "the|the|end", "0:the|0:the|0:end"},
		{[]string{"a b c d e f g h i j k l m n o p"}, "a|p|b", "0:a|0:b"},
		{[]string{"one two", "three"}, "twothree|three", "1:three"},
		{[]string{"café naïve नमस्ते"}, "café|naïve|नमस्ते", "0:café|0:naïve|0:नमस्ते"},
		{[]string{"你好，世界。"}, "你|好|，|世|界", "0:你|0:好|0:世|0:界"},
		{[]string{"ΣΊΓΜΑ ǅ İ"}, "σίγμα|ǆ", "0:ΣΊΓΜΑ|0:ǅ"},
		{[]string{""}, "a||!", ""},
	} {
		var w Words
		for _, p := range test.pieces {
			w.Add(p)
		}
		var got []string
		for i, told := range strings.Split(test.told, "|") {
			if word, ok := w.Find(told, time.Duration(i), time.Duration(i)+1); ok {
				got = append(got, fmt.Sprintf("%d:%s", word.Piece, test.pieces[word.Piece][word.From:word.To]))
			}
		}
		assert.Equal(t, test.want, strings.Join(got, "|"), "%q", test.pieces)
	}
}

func FuzzWords(f *testing.F) {
	f.Add("Good morning, it is $4.50.", "Good morning four fifty")
	f.Fuzz(func(t *testing.T, text, told string) {
		var w Words
		w.Add(text)
		w.Add(text)
		piece, to := 0, 0
		for field := range strings.FieldsSeq(told) {
			word, ok := w.Find(field, 0, 1)
			if !ok {
				continue
			}
			if word.Piece != piece {
				piece, to = word.Piece, 0
			}
			if word.From < to || word.To <= word.From || word.To > len(text) {
				t.Fatalf("%+v after %d in %q", word, to, text)
			}
			to = word.To
		}
	})
}
