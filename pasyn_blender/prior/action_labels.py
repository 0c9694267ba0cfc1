"""Species and actions from the names that animators give to files and clips, and from what a person says."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from ..errors import CorpusError
from .corpus import Clip

_ACTION_WORDS: Final[dict[str, str]] = {
    # What happens in a clip comes before the gait or stance it happens from: "Gallop_Jump" is a jump,
    # "Idle_HitReact" a hit, "Attack_Kick" a kick, "Walk_To_Sit" a sit.
    "death": r"deaths?|die|dies|dying|dead|killed",
    "hit": r"hits?|hitreact\w*|hurt|damaged?|flinch\w*|knock\w*|stagger\w*|injured?|gethit|takehit",
    "kick": r"kick\w*|buck(ing)?|hindkick",
    "rear": r"rear(s|ing|up)?|levade",
    "attack": r"attack\w*|bite\w*|biting|(head)?butt\w*|charg(e|ing)|claw\w*|fight\w*|strike|pounce\w*|maul",
    "jump": r"jump\w*|leap\w*|hop|hops|hopping|vault\w*|land|landing",
    "rise": r"getup|gettingup|rise|rising|standup|wakeup|wake|liedownend|lieend|situp|layend",
    "lie": r"lie|lies|lying|laying|lay|liedown|laydown|rest(ing)?|sleep\w*|nap",
    "sit": r"sit|sits|sitting|sitdown",
    "drink": r"drink\w*|lap|lapping",
    "graze": r"graz\w+|eat|eats|eating|feed\w*|forag\w+|chew\w*|brows\w+",
    "shake": r"shak\w+|shiver\w*",
    "scratch": r"scratch\w*|lick\w*|groom\w*|itch\w*",
    "roll": r"roll|rolls|rolling",
    "dig": r"dig|digs|digging|paw(ing)?",
    "stretch": r"stretch\w*|yawn\w*",
    "call": r"howl\w*|bark\w*|roar\w*|call(ing)?|growl\w*|bleat\w*|moo|neigh|whinny",
    "swim": r"swim\w*",
    "crouch": r"crouch\w*|sneak\w*|stalk\w*|creep\w*|prowl\w*|crawl\w*",
    "turn": r"turn\w*|pivot|rotate\w*",
    "trot": r"trot\w*|jog\w*|pace|pacing|tolt",
    "canter": r"canter\w*|lope|loping",
    "gallop": r"gallop\w*|run|runs|running|sprint\w*|dash",
    "walk": r"walk\w*|stroll\w*|amble|step(s|ping)?|locomotion|strut|tiptoe",
    "look": r"look\w*|survey\w*|watch\w*|search\w*|alert\w*|scan|sniff\w*|smell\w*|listen\w*|scout\w*",
    "stand": r"idl\w+|stand\w*|stay|breath\w*|wait\w*|stationary|([atm]|base|bind)?pose|base|bind|default",
}

ACTIONS: Final[tuple[str, ...]] = tuple(_ACTION_WORDS)
"""Actions that names are sorted into; ``graze`` is eating of any kind, ``hit`` being hit."""

_JOINED: Final = (
    # Words that belong together, before they are looked at one by one.
    (r"\b(get(ting)?|stand(ing)?|wak(e|ing)|sit) up\b", "getup"),
    (r"\b(lie|lay|sit|lying|laying|sitting)( down)? (end|stop|exit)\b", "getup"),
    (r"\bhit react\w*\b", "hitreact"),
    (r"\brear(ing)? up\b", "rearup"),
    (r"\blie to stand\b|\bsit to stand\b", "getup"),
    # What a clip ends in, or how the head is held, is no action of its own.
    (r"\bto (idle|stand|walk|run|gallop|trot)\b", ""),
    (r"\b(t|a) pose\b", "tpose"),
)

# A species, and the other words that speak of it.
_SPECIES_NAMES: Final = """
    horse mare stallion foal mustang; zebra quagga; donkey mule burro; cow cattle calf heifer holstein;
    bull ox oxen; bison; buffalo buffaloes; yak; sheep ram ewe lamb mouflon; goat ibex chamois;
    deer stag doe hind fawn roedeer buck; elk wapiti; moose; reindeer caribou;
    antelope impala kudu oryx eland; gazelle; wildebeest gnu; giraffe; okapi; camel dromedary;
    llama alpaca vicuna; pig boar hog sow piglet warthog; elephant mammoth; rhino rhinoceros;
    hippo hippopotamus; tapir;
    dog puppy hound husky labrador shepherd shiba shibainu corgi pug dachshund greyhound beagle retriever
    terrier poodle canine;
    wolf wolves; fox foxes vixen; coyote; jackal; hyena hyaena; cat kitten feline kitty; lion lioness;
    tiger tigress; leopard panther; jaguar; cheetah; lynx bobcat; cougar puma;
    bear grizzly polarbear panda; raccoon racoon; badger; otter; weasel ferret stoat marten polecat;
    rabbit bunny hare; mouse mice; rat; squirrel; beaver; capybara; kangaroo; gorilla;
    crocodile alligator; lizard gecko iguana; tortoise turtle
"""
_SPECIES_OF_WORD: Final[dict[str, str]] = {
    form: words[0]
    for words in (entry.split() for entry in _SPECIES_NAMES.split(";"))
    for word in words
    for form in (word, f"{word}s")
}


@dataclass(frozen=True)
class Labels:
    """What a person says about clips, before names are asked.

    Attributes
    ----------
    species, actions
        (label, pattern) in order; the first pattern that fits counts. Patterns are shell-style, in any case:
        ``*`` stands for anything. A species' pattern is compared with the animal, an action's with the
        clip's name, or with ``animal/clip`` where the pattern has a slash.
    """

    species: tuple[tuple[str, str], ...] = ()
    actions: tuple[tuple[str, str], ...] = ()

    def labelled(self, clip: Clip) -> Clip:
        """Return the clip with its species and action: as said here, as it has them, or as its names tell."""
        species = _first(self.species, [clip.animal])
        action = _first(self.actions, [clip.name], [f"{clip.animal}/{clip.name}"])
        return replace(
            clip,
            species=species if species is not None else clip.species or species_from_name(clip.animal),
            action=action if action is not None else clip.action or action_from_name(clip.name),
        )


def action_from_name(name: str) -> str:
    """Return the action a clip's name speaks of, one of :data:`ACTIONS`; empty where it says nothing.

    Examples
    --------
    >>> action_from_name("Gallop_Jump"), action_from_name("Armature|WalkSlow"), action_from_name("Take 001")
    ('jump', 'walk', '')
    """
    words = " ".join(_words(name))
    for pattern, joined in _JOINED:
        words = re.sub(pattern, joined, words)
    for action, pattern in _ACTION_WORDS.items():
        if re.search(rf"\b({pattern})\b", words):
            return action
    return ""


def species_from_name(name: str) -> str:
    """Return the species a file's name speaks of, the last word first; empty where it names none."""
    words = _words(name)
    # "horse_dog_attack" is anyone's guess, but "Animal_Wild_Fox" ends in what it is.
    for word in reversed([*words, "".join(words)]):
        if word in _SPECIES_OF_WORD:
            return _SPECIES_OF_WORD[word]
    return ""


def parsed_labels(texts: Sequence[str], option: str) -> tuple[tuple[str, str], ...]:
    """Read ``LABEL=PATTERN`` or plain ``LABEL``, which fits everything.

    Raises
    ------
    CorpusError
        A text is neither; the message names the option.
    """
    found = []
    for text in texts:
        label, equals, pattern = text.partition("=")
        if not label.strip() or (equals and not pattern.strip()):
            raise CorpusError(f"{option} {text!r}: write LABEL=PATTERN, as in {option} {_EXAMPLES[option]}")
        found.append((_label(label), pattern.strip() or "*"))
    return tuple(found)


_EXAMPLES: Final = {"--species": "'horse=Horse-v7*'", "--label": "'walk=*stroll*'"}


def read_labels(path: Path) -> Labels:
    """Read labels from a YAML file.

    ::

        species:
          horse: [Horse-v7, Pony*]
        actions:
          walk: ["*stroll*", "Horse-v7/Take 001"]

    Raises
    ------
    CorpusError
        The file is missing, no YAML, or says something else; the message names the key.
    """
    import yaml  # PyYAML is not part of every Blender

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path} is no YAML: {error}") from None
    if not isinstance(data, Mapping) or set(data) - {"species", "actions"}:
        found = ", ".join(map(str, data)) if isinstance(data, Mapping) else type(data).__name__
        raise CorpusError(f"{path} holds {found}; labels have the keys species and actions")
    return Labels(_pairs(path, data, "species"), _pairs(path, data, "actions"))


def _pairs(path: Path, data: Mapping[str, Any], key: str) -> tuple[tuple[str, str], ...]:
    section = data.get(key) or {}
    if not isinstance(section, Mapping):
        raise CorpusError(f"{path}: {key} is {type(section).__name__}; write label: [pattern, pattern]")
    pairs = []
    for label, patterns in section.items():
        several = [patterns] if isinstance(patterns, str) else patterns
        if not isinstance(several, Sequence) or not all(isinstance(pattern, str) for pattern in several):
            raise CorpusError(f"{path}: {key}.{label} is {patterns!r}; it should be a list of patterns")
        pairs += [(_label(str(label)), pattern) for pattern in several]
    return tuple(pairs)


def fits(pattern: str, name: str) -> bool:
    """Whether a name fits a shell-style pattern, in any case."""
    return fnmatch.fnmatchcase(name.lower(), pattern.lower())


def _first(pairs: Sequence[tuple[str, str]], names: Sequence[str], paths: Sequence[str] = ()) -> str | None:
    for label, pattern in pairs:
        if any(fits(pattern, name) for name in (paths if paths and "/" in pattern else names)):
            return label
    return None


def _label(text: str) -> str:
    return "_".join(text.strip().lower().split())


def _words(name: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return re.findall(r"[a-z]+", spaced.lower())
