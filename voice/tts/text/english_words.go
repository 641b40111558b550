package text

var english = &language{
	english: true,
	abbreviations: map[string]abbreviation{
		"mr": {say: "Mister"}, "mrs": {say: "Missus"}, "ms": {say: "Miz"}, "dr": {say: "Doctor"}, "prof": {say: "Professor"},
		"st": {say: "Saint"}, "mt": {say: "Mount"}, "ft": {say: "Fort"}, "gen": {say: "General"}, "col": {say: "Colonel"},
		"sgt": {say: "Sergeant"}, "capt": {say: "Captain"}, "cpt": {say: "Captain"}, "lt": {say: "Lieutenant"}, "cmdr": {say: "Commander"},
		"maj": {say: "Major"}, "sen": {say: "Senator"}, "rep": {say: "Representative"}, "gov": {say: "Governor"}, "pres": {say: "President"},
		"rev": {say: "Reverend"}, "fr": {say: "Father"}, "hon": {say: "Honorable"}, "messrs": {say: "Messers"}, "mme": {say: "Madame"},
		"e.g": {say: "for example"}, "eg": {say: "for example"}, "i.e": {say: "that is"}, "vs": {say: "versus"}, "v": {say: "versus"}, "viz": {say: "namely"},
		"cf": {say: "compare"}, "ca": {say: "about"}, "approx": {say: "approximately"}, "incl": {say: "including"}, "excl": {say: "excluding"},
		"esp": {say: "especially"}, "resp": {say: "respectively"}, "misc": {say: "miscellaneous"}, "max": {say: "maximum", use: ending}, "min": {say: "minimum", use: ending},
		"etc": {say: "et cetera", use: ending}, "inc": {say: "Incorporated", use: ending}, "ltd": {say: "Limited", use: ending},
		"co": {say: "Company", use: ending}, "corp": {say: "Corporation", use: ending}, "bros": {say: "Brothers", use: ending}, "llc": {say: "L L C", use: ending},
		"jr": {say: "Junior", use: ending}, "sr": {say: "Senior", use: ending}, "esq": {say: "Esquire", use: ending}, "ph.d": {say: "P H D", use: ending},
		"phd": {say: "P H D", use: ending}, "m.d": {say: "M D", use: ending}, "d.d.s": {say: "D D S", use: ending}, "b.a": {say: "B A", use: ending},
		"a.m": {say: "A M", use: ending}, "p.m": {say: "P M", use: ending}, "am": {use: beforeNumber}, "u.s": {say: "U S", use: ending},
		"ave": {say: "Avenue", use: ending}, "blvd": {say: "Boulevard", use: ending}, "rd": {say: "Road", use: ending}, "ln": {say: "Lane", use: ending},
		"ct": {say: "Court", use: ending}, "pl": {say: "Place", use: ending}, "sq": {say: "Square", use: ending}, "hwy": {say: "Highway", use: ending},
		"pkwy": {say: "Parkway", use: ending}, "apt": {say: "Apartment", use: beforeNumber}, "ste": {say: "Suite", use: beforeNumber}, "bldg": {say: "building", use: ending},
		"fl": {say: "floor", use: beforeNumber}, "dept": {say: "department", use: ending}, "univ": {say: "University"}, "assn": {say: "Association", use: ending}, "govt": {say: "government", use: ending},
		"no": {say: "number", use: beforeNumber}, "nos": {say: "numbers", use: beforeNumber}, "p": {say: "page", use: beforeNumber}, "pp": {say: "pages", use: beforeNumber},
		"pg": {say: "page", use: beforeNumber}, "vol": {say: "volume", use: beforeNumber}, "fig": {say: "figure", use: beforeNumber}, "ch": {say: "chapter", use: beforeNumber},
		"sec": {say: "section", use: beforeNumber}, "art": {say: "article", use: beforeNumber}, "ext": {say: "extension", use: beforeNumber}, "tel": {say: "telephone"},
		"rm": {say: "room", use: beforeNumber}, "temp": {say: "temperature", use: beforeNumber}, "appt": {say: "appointment", use: ending}, "appts": {say: "appointments", use: ending},
		"est": {say: "established", use: beforeNumber}, "ed": {say: "edition", use: beforeNumber}, "hrs": {say: "hours", use: ending}, "mins": {say: "minutes", use: ending},
		"tsp": {say: "teaspoon", use: ending}, "tbsp": {say: "tablespoon", use: ending}, "oz": {say: "ounces", use: ending}, "lb": {say: "pound", use: ending}, "lbs": {say: "pounds", use: ending},
		"avg": {say: "average"}, "ref": {say: "reference"}, "ea": {say: "each", use: ending}, "qty": {say: "quantity"}, "hr": {say: "hour", use: ending}, "yr": {say: "year", use: ending}, "yrs": {say: "years", use: ending}, "nr": {say: "number", use: beforeNumber},
		"tues": {say: "Tuesday", use: ending}, "thurs": {say: "Thursday", use: ending}, "sept": {say: "September"}, "attn": {say: "attention"}, "p.s": {say: "P S"},
	},
	starters: set(`a an the this that these those there here it its i i'm i'll i've i'd we we're we'll we've you you're you'll your he she they they're
		my our his her their if when while where who whom whose which what what's why how so and but or nor yet then because since although though unless
		once after before until as at by for from in into of on to with without about over under between during through please thank thanks sorry yes no not now
		today tomorrow tonight yesterday next first second third finally however therefore moreover meanwhile instead also just only even still let let's
		can can't could do does did don't will would should shall may might must is isn't are aren't was were has have had am be been
		all any both each every few many most much more less several some such another other others one two three four five
		ask call check come find get give go have keep look make take tell try turn wait say see press dial would there's that's it's everyone everything nothing nobody someone something`),
}

// topics are words behind which a number names something and counts nothing: it is
// said digit by digit.
// The value is the least number of digits.
var topics = map[string]int{"code": 3, "codes": 3, "pin": 3, "cvv": 3, "cvc": 3, "passcode": 3, "password": 3, "extension": 3, "zip": 3, "ending": 3, "digits": 3, "dial": 3,
	"flight": 3, "gate": 3, "room": 3, "suite": 3, "apartment": 3, "plate": 3, "locator": 3,
	"number": 4, "numbers": 4, "account": 4, "confirmation": 4, "reference": 4, "reservation": 4, "booking": 4, "order": 4, "ticket": 4, "tracking": 4,
	"postcode": 4, "id": 4, "serial": 4, "invoice": 4, "policy": 4, "case": 4, "card": 4, "route": 4, "bus": 4, "channel": 4, "terminal": 4, "call": 20}

// topicOf is the topic that an abbreviation before a number stands for.
var topicOf = map[string]string{"no": "number", "nos": "numbers", "ext": "extension", "apt": "apartment", "ste": "suite", "rm": "room"}

// spelled are words in capitals whose letters are said one by one although they
// could be a word.
var spelled = set("AAA ACL ADA ADHD AED AI AKA AMA AMD API APR APY ASAP ATM AV BA BAC BBQ CEO CFO CIA CIO COO CPA CPU CSA CTA CTO CV DIY DNA DOA DOB DUI EEG EKG ER CET EDT EST ETA EU EV FAA FAQ FBI FDA GMO GPA HIV HOA IBAN ICU ID IDE IP IPA IQ IRS ISP IUD IV JFK MBA MIA MIT MRI NBA NYC NYU OCD OEM OTP PGA POS QA QR RIP RPO RSVP SEO SMS SOS SUV TBA TBD TLA TV UAE UFC UFO UI UK UN UPI UPS URL US USA USB USD UTC UTI UV UX VA VIP YMCA")

// keyWords are words of which "*" and "#" are keys.
var keyWords = set("press pressing dial dialing hit push enter key keys keypad star pound hash")

var months = map[string]int{"january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8, "september": 9,
	"october": 10, "november": 11, "december": 12, "jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "sept": 9, "oct": 10, "nov": 11, "dec": 12}

var monthNames = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}

var weekdays = map[string]string{"mon": "Monday", "tue": "Tuesday", "tues": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "thur": "Thursday",
	"thurs": "Thursday", "fri": "Friday", "sat": "Saturday", "sun": "Sunday"}

var romans = map[string]int{"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "X": 10, "XI": 11, "XII": 12,
	"XIII": 13, "XIV": 14, "XV": 15, "XVI": 16, "XVII": 17, "XVIII": 18, "XIX": 19, "XX": 20, "XXI": 21, "XXIII": 23}

// counted are nouns behind which a Roman numeral is a cardinal.
var counted = set("war chapter part type phase act volume section bowl title appendix article class grade level stage book scene unit episode mark category")
