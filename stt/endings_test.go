package stt

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestEndings(t *testing.T) {
	open, yesNo := Expectation{}, Expectation{YesNo: true}
	digits := func(n int) Expectation { return Expectation{Digits: n} }
	n := 0
	for _, group := range []struct {
		language string
		expected Expectation
		ending   ending
		texts    string
	}{
		// The sentence goes on.
		{"en", open, unfinished, "I want to book a room and|and|I would like a room but|because|a room for two people or|I would like|I'd like|can I|could you|the|I need a|my|my name is|" +
			"I am calling about|I am calling from|it's for|I want to go to|between the first and|so that|if|until|rather than|I was wondering|the number is|please call me at|we will arrive at|a table with|I'm|" +
			"because of|the rooms are|and so|instead of|the first one is"},
		// The speaker is looking for words.
		{"en", open, unfinished, "um|uh|I think, um|the one with, uh...|well|you know|let me see|Let me think.|hold on|just a second|I mean|wait|so"},
		// More digits must follow.
		{"en", open, unfinished, "my phone is five five|call me at 415|my cell is four one five|my mobile number is 415 555|four one double|the card number is 4111 1111|my credit card is four one one one"},
		{"en", open, plain, "book a room|I would like to book a room.|half an hour|two thirty p.m.|at 2:30|at five|room 214|in 2025|twenty five|four people|brooklyn bridge|go forward ten meters|" +
			"where are you from|what is it for|who am I speaking to|what is it about|I think you are|I don't want to|as far as I can|I think it is|yes I would|how much is it|I would like to speak to somebody|" +
			"log in|I want to check out|turn it off|come over|yes and it is a large one|goodbye|no I want the other one|I live in a small town|the answer is yes|I said no|that is all|...|it was the best of times|table for two|" +
			"I don't feel well|as well|what would you like|please wait|for a while|put me through|I'll stop by|could be|that's what I'm looking for|I'd love to|sort of|it's b o a|here we are|I am|think so"},
		// How many digits there will be is not known.
		{"en", open, plain, "five five|415|four one five, five five five|12345|zero zero four nine|my order number is seven four two nine|my pin is one two|room two one four|5550123|(415) 555-0123|" +
			"my phone is four one five five five five zero one two three|call me at 415 555 0123|my credit card is 4111 1111 1111 1111|I lost my phone one day|my phone is the one|double|a double"},
		{"en", digits(4), unfinished, "one two three|five|12|it's 1 2|double five one|oh seven nine"},
		{"en", digits(4), complete, "seven four two nine|7429|it's 7 4 2 9.|seven four double two|double five double six|triple nine one|zero zero four nine|74 29|my pin is one two three four"},
		{"en", digits(4), plain, "I don't have it|twenty forty|can you send it again|the other one please|oh it's gone"},
		{"en", digits(16), unfinished, "4111 1111 1111|four one one one um|4111, 1111, 1111, 11"},
		{"en", digits(16), complete, "4111 1111 1111 1111|4111 1111, um, 1111 1111|4111-1111-1111-1111"},
		// Yes and no are whole answers to a question for them, and to no other.
		{"en", yesNo, complete, "yes|Yes.|yeah|Yep!|no|No, thanks.|nope|sure|that's right|That’s correct.|of course|yes it is|yes please|not really|exactly"},
		{"", yesNo, complete, "yes|no thank you"},
		{"en-GB", yesNo, complete, "right|correct"},
		{"en", yesNo, plain, "book a room|yes the second one"},
		{"en", yesNo, unfinished, "yes and|no but|yes um"},
		{"en", open, plain, "yes|no|okay|no thank you|right"},
		{"de", yesNo, complete, "ja|Nein.|genau|ja bitte|das stimmt"},
		{"de-AT", open, unfinished, "ich möchte|ich hätte gern ein|und|aber|mit der|ähm|ich heiße äh|weil|einen Moment|ein Zimmer für|mein Name ist|meine Telefonnummer ist null sieben"},
		{"de", open, plain, "ja|ich möchte ein Zimmer buchen|wo ist das|um fünf Uhr|was kostet es|wie alt sind sie|null eins sieben sechs fünf vier drei zwei eins null|steigen sie ein|ich nehme die|nur eine|ich komme mit|mach die Tür zu"},
		{"es", yesNo, complete, "sí|No.|claro|de acuerdo"},
		{"es-419", open, unfinished, "quiero|quisiera|y|pero|una habitación para|mi nombre es|porque|eh|un momento|con el|para una|mi teléfono es seis uno dos"},
		{"es", open, plain, "sí|quiero reservar una habitación|dónde está|a las cinco|así es|sí quiero|quiero una|quiero este|cinco cinco"},
		{"es", digits(3), complete, "seis uno dos"},
		{"fr", yesNo, complete, "oui|Non merci.|d'accord|c'est ça"},
		{"fr-CA", open, unfinished, "je voudrais|et|mais|une chambre pour|euh|mon nom est|parce que|avec le|pour une|mon téléphone est zéro six deux"},
		{"fr", open, plain, "je voudrais réserver une chambre|à cinq heures|où est|oui il est|j'en veux une|mais si|je la veux"},
		{"it", yesNo, complete, "sì|no grazie|certo"},
		{"it", open, unfinished, "vorrei|e|ma|una camera per|ehm|il numero è|con il|con una|il mio telefono è tre tre cinque"},
		{"it", open, plain, "vorrei prenotare una camera|dove è|alle cinque|sì ci sono|ne voglio una|ci vediamo|da quando"},
		{"ja", open, plain, "はい|and|five five"},
		{"ja", digits(6), unfinished, "1 2 3 4"},
		{"ja", digits(4), complete, "1 2 3 4"},
		{"en", Expectation{Digits: -1}, plain, "1 2"},
	} {
		for text := range strings.SplitSeq(group.texts, "|") {
			n++
			assert.Equal(t, group.ending, endingOf(text, group.language, group.expected), "%q in %q, expected %+v", text, group.language, group.expected)
		}
	}
	assert.GreaterOrEqual(t, n, 100)
	assert.Equal(t, unfinished, endingOf(strings.Repeat("word ", 10_000)+"and", "en", open), "the end of a long text")
}

// Every entry can be found: it is spelled as a text is after its punctuation is gone.
func TestWordsOfEndings(t *testing.T) {
	for language, w := range languages {
		for _, list := range [][]string{w.answers, w.hesitant, w.fillers, w.goesOn, w.links, w.questions, w.subjects, w.digits, w.quantities, w.telephones, w.cards} {
			for _, entry := range list {
				assert.Equal(t, entry, strings.Join(plainWords(entry), " "), language)
			}
		}
	}
}

func FuzzEndings(f *testing.F) {
	f.Add("five five double", "en", 4)
	f.Add("double", "", 0)
	f.Fuzz(func(t *testing.T, text, language string, n int) {
		endingOf(text, language, Expectation{YesNo: true, Digits: n})
	})
}
