"""Everyday sentences by rule: greetings, short replies, names, numbers, times, dates, questions, requests.

Written corpora hold few of these, and they are what people type first.
"""

SHORT = """Yes. No. Hi! Hello! Hey. Thanks. Thank you. Sure. Okay. Maybe. Please. Sorry. Goodbye. Bye! Why? How? When? Where?
Who? What? Really? Never. Always. Wait! Stop! Go on. Come in. Sit down. Not now. Not yet. Of course. No problem. Well done.
Good job. Very good. Too late. Me too. All right. I see. I know. Let's go. Right now. Good luck! Come here. Be quiet. Right.
Wrong. Exactly. Perfect. Absolutely. Great! Wonderful! Excellent. Congratulations! Welcome. Good morning. Good night. Nice.
Good evening. Good afternoon. Happy birthday! See you. See you soon. See you later. Excuse me. Take care. Hurry up! Look out!
Guess what. That's right. That's all. Why not? What now? Who cares? So what? Try again. Help! Listen. Look. Ready? Done.
I'm sorry. I agree. I'm here. It's fine. It works. Trust me. Follow me. Call me. Tell me. Show me. Forget it. Keep going.""".replace("\n", " ")

NAMES = """Alice Adam Anna Andrew Barbara Ben Brian Carol Charles Charlotte Chris Claire Daniel David Diana Edward Ella Emily Emma
Eric Frank George Grace Hannah Harry Helen Henry Isabel Jack James Jane Jason Jennifer Jessica John Joseph Julia Karen Kevin
Laura Leo Linda Lisa Lucas Lucy Margaret Maria Mark Martin Mary Matthew Michael Nancy Nicholas Oliver Olivia Patrick Paul
Peter Rachel Rebecca Richard Robert Rose Ruth Ryan Sam Sarah Simon Sophie Stephen Susan Thomas Tim Tom Victor Walter
William Zoe""".split()
FAMILIES = """Smith Jones Brown Taylor Wilson Davis Miller Moore Anderson Jackson White Harris Martin Thompson Clark Lewis Walker
Hall Young King Wright Hill Green Baker Adams Nelson Carter Mitchell Roberts Turner Phillips Campbell Parker Evans""".split()
PLACES = """London Paris Berlin Rome Madrid Boston Chicago Denver Seattle Dallas Houston Sydney Tokyo Vienna Dublin Oslo Geneva
Toronto Montreal Moscow Prague Lisbon Athens Cairo Delhi Singapore Canada Germany France Italy Spain England Scotland Ireland
America Australia Japan China India Brazil Mexico Texas California Florida Virginia Oregon""".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
ROOMS = """kitchen garden office bathroom bedroom hallway garage library basement attic classroom hotel station airport hospital
market bank church museum theater restaurant school factory park harbor bridge castle village city river mountain valley beach
forest island lake field farm road street corner""".split()
THINGS = """book letter key phone picture chair table window door bottle cup glass plate knife spoon hat coat shoe jacket umbrella
bicycle car train boat bag box basket ladder hammer rope lamp candle clock watch ring coin ticket map camera radio computer
keyboard screen paper pencil newspaper blanket pillow towel soap brush mirror piano guitar violin drum flower tree stone
apple orange banana cherry peach lemon tomato potato onion carrot cabbage bread butter cheese egg sandwich soup salad cake
cookie coffee tea milk water juice wine dog cat horse cow sheep chicken duck goose rabbit mouse bird fish snake frog spider
wheel engine button curtain carpet shelf drawer wallet suitcase envelope package message report contract""".split()
PLURALS = """books letters keys pictures chairs windows doors bottles cups plates shoes tickets maps flowers trees stones apples
oranges eggs cookies dogs cats horses birds fish children people students teachers doctors workers neighbors friends soldiers
sailors farmers minutes hours days weeks months years miles dollars pounds pages steps songs stories questions answers
mistakes problems""".split()
ADJECTIVES = """old new big small red blue green black white brown yellow gray silver golden heavy light long short tall wide narrow deep
warm cold hot cool wet dry clean dirty bright dark quiet loud soft hard smooth rough sharp sweet sour fresh broken empty full
cheap expensive beautiful ugly strange simple wooden round square famous lovely quick slow strong weak tiny huge""".split()
PEOPLE = """my mother|my father|my sister|my brother|the teacher|the doctor|the nurse|the driver|the captain|the farmer|the baker|the
lawyer|the manager|our neighbor|the old man|the young woman|the boy|the girl|his wife|her husband|the king|the queen|the
pilot|the artist|the student|the waiter|the judge|a stranger|the mayor|the engineer|my uncle|my aunt|our cousin|the
children|the customers|the workers""".replace("\n", " ").split("|")
DID = """found|lost|bought|sold|brought|carried|dropped|broke|fixed|painted|moved|opened|closed|hid|took|gave away|looked at|
asked for|forgot|wanted|needed|liked|hated|threw away|picked up|cleaned|washed|borrowed|returned|noticed|remembered|
mentioned|described|received|ordered|delivered|measured|pushed|pulled|lifted|covered|touched""".replace("\n", "").split("|")
WEATHER = "rain snow fog wind thunder sunshine clouds storms".split()
ADVERBS = """quickly slowly quietly carefully suddenly finally usually probably certainly really almost already often sometimes
rarely early late again together alone outside inside upstairs tomorrow yesterday today tonight""".split()
DO = """open the window|close the door|turn off the light|turn on the radio|call me back|wait for me|sit down|stand up|be careful|come
with me|look at this|listen to me|read the letter|write it down|wash your hands|clean the kitchen|feed the dog|water the plants|
bring me the book|pass the salt|tell me the truth|take your time|follow the path|check the oil|answer the phone|send the
report|sign the form|lock the gate|pay the bill|set the table|cut the bread|pour the tea|start the engine|save the file|
restart the computer|press the button|keep the change|mind the step|speak more slowly|say that again|turn left|turn right|
go straight ahead|drive slowly|hold the line|stay where you are|leave me alone|get some rest|drink some water|finish your
dinner|put on your coat|take off your shoes|think about it|let me know|stop making noise""".replace("\n", " ").split("|")

ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen""".split()
TENS = "x x twenty thirty forty fifty sixty seventy eighty ninety".split()
ORDINALS = """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth
sixteenth seventeenth eighteenth nineteenth twentieth""".split()


def spelled(number):
    """Whole numbers below a million in words."""
    if number < 20:
        return ONES[number]
    if number < 100:
        return TENS[number // 10] + ("-" + ONES[number % 10] if number % 10 else "")
    if number < 1000:
        rest = number % 100
        return ONES[number // 100] + " hundred" + (" and " + spelled(rest) if rest else "")
    rest = number % 1000
    return spelled(number // 1000) + " thousand" + (" " + spelled(rest) if rest else "")


def number(draw):
    """A number, small ones more often, in words or in digits."""
    value = draw.choice([draw.randrange(13), draw.randrange(100), draw.randrange(1000), draw.randrange(20000)])
    return spelled(value) if draw.random() < 0.7 else str(value)


def clock(draw):
    hour, minute = draw.randrange(1, 13), draw.randrange(60)
    return draw.choice(
        [
            f"{spelled(hour)} o'clock",
            f"half past {spelled(hour)}",
            f"a quarter to {spelled(hour)}",
            f"{spelled(hour)} {spelled(10 + minute % 50)}",
            f"{hour} o'clock",
        ]
    )


def article(word):
    return ("an " if word[0] in "aeiou" else "a ") + word


def described(draw):
    adjective = draw.choice(ADJECTIVES)
    return adjective + " " + draw.choice(THINGS)


def frames(draw):
    """One sentence of each pattern, with fresh words."""
    pick = draw.choice
    name, other, family, place = pick(NAMES), pick(NAMES), pick(FAMILIES), pick(PLACES)
    person, second, room, thing, plural = pick(PEOPLE), pick(PEOPLE), pick(ROOMS), pick(THINGS), pick(PLURALS)
    day, month, adjective, adverb, did, do = (
        pick(DAYS), pick(MONTHS), pick(ADJECTIVES), pick(ADVERBS), pick(DID), pick(DO)
    )  # fmt: skip
    year = 1900 + draw.randrange(130)
    return [
        f"Hello {name}, how are you today?",
        f"Good {pick(['morning', 'evening', 'afternoon'])}, {pick(['Mister', 'Doctor', 'Miss'])} {family}.",
        f"My name is {name} {family}.",
        f"This is {name} speaking.",
        f"{name} and {other} live in {place}.",
        f"Have you ever been to {place}?",
        f"We are going to {place} on {day}.",
        f"The train to {place} leaves at {clock(draw)}.",
        f"I was born on the {pick(ORDINALS)} of {month}.",
        f"The meeting is on {day}, {month} {draw.randrange(1, 29)}.",
        f"It happened in {year}.",
        f"There are {number(draw)} {plural} in the {room}.",
        f"I counted {number(draw)} {plural}.",
        f"It costs {number(draw)} dollars.",
        f"She is {spelled(draw.randrange(2, 99))} years old.",
        f"Please {do}.",
        f"Could you {do}, please?",
        f"{do[0].upper()}{do[1:]} and {pick(DO)}.",
        f"Don't forget to {do}.",
        f"I told {name} to {do}.",
        f"Why didn't you {do}?",
        f"{person[0].upper()}{person[1:]} {did} the {described(draw)}.",
        f"{person[0].upper()}{person[1:]} {did} {article(described(draw))} in the {room}.",
        f"{adverb[0].upper()}{adverb[1:]}, {person} {did} the {thing}.",
        f"Did {person} see the {thing}?",
        f"Where did you put the {described(draw)}?",
        f"Is that your {thing}, {name}?",
        f"The {thing} is on the {pick(THINGS)}.",
        f"The {adjective} {thing} is in the {room}, next to the {pick(THINGS)}.",
        f"I would like {article(thing)} and {article(pick(THINGS))}, please.",
        f"He said that {person} {did} the {thing} {adverb}.",
        f"When {person} came home, {second} {did} the {thing}.",
        f"We walked from the {room} to the {pick(ROOMS)} in the {pick(WEATHER)}.",
        f"Tomorrow there will be {pick(WEATHER)} in {place}.",
        f"If you see {name}, {do}.",
        f"{name}, {do}!",
        f"What is the {adjective} {thing} for?",
        f"Who {did} my {thing}?",
        f"How many {plural} do you have?",
        f"My phone number is {', '.join(ONES[draw.randrange(10)] for _ in range(draw.randrange(4, 8)))}.",
        f"{spelled(draw.randrange(100)).capitalize()} plus {spelled(draw.randrange(100))} is "
        f"{spelled(draw.randrange(200))}.",
        f"The {pick(ORDINALS)} {thing} was {adjective}, but the {pick(ORDINALS)} was {pick(ADJECTIVES)}.",
        f"I can't {do}, because {person} {did} the {thing}.",
        f"You should {do} before {clock(draw)}.",
    ]


def sentences(draw, count):
    """`count` sentences."""
    for _ in range(count):
        yield draw.choice(frames(draw))


def short_replies(draw, count):
    """Of one to three words, over and over: alone, to somebody, or two in a row."""
    short = [part + mark for part, mark in _parts(SHORT)]
    for _ in range(count):
        reply = draw.choice(short)
        form = draw.randrange(4)
        if form == 0:
            yield f"{reply[:-1]}, {draw.choice(NAMES)}{reply[-1]}"
        elif form == 1:
            yield f"{reply} {draw.choice(short)}"
        else:
            yield reply


def _parts(text):
    rest = ""
    for letter in text:
        if letter in ".!?":
            yield rest.strip(), letter
            rest = ""
        else:
            rest += letter
