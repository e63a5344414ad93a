"""The words and sentences our tales are made of. Written for this project, CC0."""


def _words(text: str, between: str | None = None) -> list[str]:
    return [word.strip() for word in text.split(between)]


HE = _words("""
    Adam Albert Arthur Barnaby Basil Ben Bruno Casper Cedric Conrad Daniel David Edgar Edmund Felix
    Frank Gilbert Harold Henry Hugo Ivan Jack James Jasper John Julian Kenneth Leo Lucas Magnus Mark
    Martin Nathan Oliver Oscar Otto Paul Peter Quentin Ralph Robert Rupert Samuel Simon Stephen Thomas
    Tobias Victor Walter William
""")
SHE = _words("""
    Ada Agnes Alice Amelia Anna Beatrice Bella Bridget Carla Clara Cora Daisy Diana Edith Eleanor Ella
    Emma Esther Flora Frances Gloria Grace Hannah Harriet Helen Ida Irene Iris Jane Judith Julia Laura
    Lily Louisa Lucy Mabel Maria Martha Mary Matilda Miriam Nora Olive Pearl Rachel Rose Ruth Sarah
    Sophie Susan Sylvia Ursula Vera Winifred
""")
SURNAMES = _words("""
    Abbot Archer Barlow Bellamy Birch Brook Carver Chandler Clay Cobbler Crane Dale Draper Dunmore
    Fairfax Farrow Finch Fletcher Gale Garland Granger Hale Harrow Hawthorne Holloway Ives Kestrel Kirby
    Lark Linden Lockwood Marlow Meadows Merriman Nettle Oakley Pemberton Penrose Quill Radcliffe Rowan
    Sadler Shepherd Sparrow Stone Tanner Thistle Thorne Underhill Vane Wainwright Weaver Whitlock Winter
    Wren Yarrow
""")
# One of them / more of them.
BEINGS = [
    tuple(pair.split("/"))
    for pair in _words("""
    badger/badgers bear/bears bee/bees bird/birds cat/cats cow/cows crow/crows deer/deer dog/dogs
    donkey/donkeys duck/ducks fox/foxes frog/frogs goat/goats goose/geese hedgehog/hedgehogs hen/hens
    horse/horses lamb/lambs lion/lions mouse/mice otter/otters owl/owls pig/pigs rabbit/rabbits
    raven/ravens snail/snails spider/spiders squirrel/squirrels swan/swans tortoise/tortoises
    whale/whales wolf/wolves baker/bakers boy/boys captain/captains child/children doctor/doctors
    farmer/farmers fisherman/fishermen gardener/gardeners girl/girls king/kings merchant/merchants
    miller/millers neighbour/neighbours nurse/nurses painter/painters poet/poets queen/queens
    sailor/sailors soldier/soldiers stranger/strangers tailor/tailors teacher/teachers thief/thieves
    traveller/travellers woman/women
""")
]
CAPITALS = [
    tuple(pair.split("/"))
    for pair in _words("""
    Austria/Vienna China/Beijing Cuba/Havana Denmark/Copenhagen Egypt/Cairo England/London
    Finland/Helsinki France/Paris Germany/Berlin Greece/Athens Hungary/Budapest India/Delhi
    Ireland/Dublin Italy/Rome Japan/Tokyo Kenya/Nairobi Norway/Oslo Peru/Lima Poland/Warsaw
    Portugal/Lisbon Russia/Moscow Spain/Madrid Sweden/Stockholm Turkey/Ankara
""")
]

# What a field of a sentence may become.
CHOICES = {
    "place": _words("""
        abbey bakery bank barn beach bridge castle cave cellar chapel church cottage farm field forest
        garden harbour hill hospital inn island kitchen lake library lighthouse market meadow mill
        mountain museum office orchard palace park pond post-office river school shop square stable
        station temple theatre tower valley village well windmill workshop
    """),
    "thing": _words("""
        apple arrow axe bag ball basket bell blanket book boot bottle bowl box bread brush bucket button
        cake candle chair cheese clock coat coin comb cup diary drum egg feather flag flower flute fork
        glove hammer hat jar kettle key kite knife ladder lamp lantern letter map mirror mug necklace
        needle newspaper paint pear pen picture pillow pipe plate plum pot purse ribbon ring rope saddle
        scarf shell ship shoe spoon stool sword table telescope ticket towel toy trumpet umbrella vase
        violin watch whistle
    """),
    "colour": _words("""
        black blue brown golden green grey orange pink purple red silver white yellow
    """),
    "mood": _words("""
        afraid angry brave busy calm careful cheerful clever cold content curious foolish gentle glad
        happy hungry kind lazy lonely lost merry patient proud quiet sad shy sleepy thirsty tired wise
        worried
    """),
    "size": _words("""
        big broad cheap deep enormous heavy high huge large little long narrow old short small tall tiny
        wide
    """),
    "when": _words(
        """
        at once | again and again | all day | as usual | before long | by and by | early in the morning
        | for a long time | in the end | late in the evening | little by little | never again | of
        course | once more | on the way home | sooner or later | the next day | without a word
    """,
        "|",
    ),
    "material": _words("""
        brass clay copper glass gold iron leather paper silk silver stone straw wax wood wool
    """),
    "food": _words("""
        barley beans broth butter cabbage carrots cherries cream fish honey milk onions peas pepper pies
        porridge potatoes salt soup stew sugar tea turnips
    """),
    "weather": _words("""
        cloudy cold dark dry fine foggy hot icy misty mild rainy snowy stormy sunny warm windy
    """),
    "season": _words("""
        spring summer autumn winter
    """),
    "day": _words("""
        Monday Tuesday Wednesday Thursday Friday Saturday Sunday
    """),
    "month": _words("""
        January February March April May June July August September October November December
    """),
    "number": _words("""
        one two three four five six seven eight nine ten eleven twelve
    """),
    "went": _words("""
        carried climbed crept hurried marched ran rode rowed sailed travelled walked wandered
    """),
    "said": _words("""
        answered asked cried laughed murmured replied said shouted sighed whispered
    """),
    "did": _words("""
        borrowed bought broke carried cleaned dropped found hid kept lent lost made mended painted
        polished sold stole wanted washed
    """),
    "reason": _words(
        """
        the door was locked | the bridge was broken | the wind was strong | nobody was at home | there
        was no time | the road was long | the night was dark | the bell had rung | the soup was cold |
        the boat had gone | it began to rain | the sun had set | the fire was out | the way was easy
    """,
        "|",
    ),
    "verb": _words("gave handed lent sold sent brought"),
    "bag": _words("bag box pocket basket drawer"),
    "daytime": _words("morning evening day night"),
    "sense": _words("know say see ask remember forget"),
}

# Kinds of sentences: how often they come, and how they may read. {a} and {b} are the tale's two people, {he},
# {his} and {him} go with {a}; {its_thing}, {its_place} and {its_animal} return through the tale; {one} and
# {many} are a being and its plural; the rest are fields of CHOICES, drawn anew each time.
SENTENCES: dict[str, tuple[float, list[str]]] = {
    # Two names, one of which returns as the giver and the other as the receiver.
    "giving": (3, [
        "When {a} and {b} went to the {its_place}, {a} {verb} the {its_thing} to {b}.",
        "When {b} and {a} went to the {its_place}, {a} {verb} the {its_thing} to {b}.",
        "Then {b} and {a} came to the {its_place}, and {a} {verb} the {its_thing} to {b}.",
        "While {a} and {b} were at the {its_place}, {a} {verb} the {its_thing} to {b}.",
    ]),
    "journey": (3, [
        "{a} {went} from the {place} to the {its_place}, because {he} was {mood}.",
        "On {day} {a} {went} to the {its_place}, and {reason}.",
        "In {month} {a} {went} all the way to {capital}.",
    ]),
    "deed": (4, [
        "{a} {did} {his} {its_thing}, and {when} {he} was {mood}.",
        "{a} {did} the {colour} {its_thing} and put it in {his} {bag}.",
        "The {its_animal} saw {a} and followed {him} to the {its_place}.",
        "{a} did not {sense} where {his} {its_thing} was.",
    ]),
    # The number of the subject decides the verb, over words in between.
    "agreement": (3, [
        "The {one} near the {its_place} is {mood}.", "The {many} near the {its_place} are {mood}.",
        "The {one} was {mood}.", "The {many} were {mood}.",
        "The {size} {one} has a {colour} {thing}.", "The {size} {many} have a {colour} {thing}.",
        "The {one} that {a} saw wants a {thing}.", "The {many} that {a} saw want a {thing}.",
        "The {one} by the {place}s looks {mood}.", "The {many} by the {place}s look {mood}.",
    ]),
    "fact": (1.5, [
        "The capital of {country} is {its_capital}.", "{its_capital} is the capital of {country}.",
        "{a} was born in {its_capital}, the capital of {country}.",
        "A ship came from {country} with {food} and {food}.",
    ]),
    "talk": (2.5, [
        '"Where is my {its_thing}?" asked {a}. "Your {its_thing} is in the {its_place}," said {b}.',
        '"Good {daytime}, {b}," {said} {a}. "Good {daytime}, {a}," said {b}.',
        '"Thank you, {b}," {said} {a}. "You are welcome," said {b}.',
        '"I am {mood}," {said} {a}. "So am I," said {b}.',
    ]),
    # Skip-trigrams: one word calls for another, some words later.
    "pairs": (2.5, [
        "{a} liked both {food} and {food}.", "{a} would eat neither {food} nor {food}.",
        "It was either a {its_animal} or a {one}.", "{a} kept the {its_thing} in mind all {season}.",
        "The {its_thing} was made of {material}, not of {material}.",
        "The {its_thing} was as {colour} as a {thing}.", "{a} was rather {mood} than {mood}.",
        "The more {a} worked, the more {mood} {he} was.",
    ]),
    "weather": (2, [
        "It was a {weather} day in {season}.", "The {daytime} was {weather} and {weather}.",
        "There was a {size} {place} near the {its_place}.",
        "There were {number} {many} in the {its_place}.",
    ]),
    # Said twice or three times: the plainest work for an induction head.
    "chant": (1.5, [
        "{a} sang: {chant}; {chant}.", "{a} sang: {chant}; {chant}; {chant}.", "{a} counted: {counting}.",
    ]),
}  # fmt: skip
