"""The recordings that ship with Prism: what the user says in `prism demo`, and the fixtures of tests/audio.

    python -m scripts.make_recordings          writes ui/assets/demo and tests/audio
    python -m scripts.tiny_whisper.evaluate stt/assets/tiny-whisper ui/assets/demo    says how they are understood

Every sentence stands in the grammar of the tiny model, so that it is understood offline. The speakers are espeak-ng
voices that the model was not trained with (`synth.HELD_VARIANTS`). Deterministic: the same wheels
give the same files as long as the order of the lines stays (espeak-ng carries state from one line to the next).
What may live here: which sentences, which voices, which files. How espeak-ng is called is `tiny_whisper.espeak`.
"""

from __future__ import annotations

import argparse
import json
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts.tiny_whisper.espeak import SAMPLE_RATE, Espeak, Floats, Voice
from scripts.tiny_whisper.synth import Setting, place

ROOT = Path(__file__).resolve().parent.parent
SNR_DB = 35.0
PEAK_DB = -6.0
FRENCH = Voice("roa/fr+f4", rate=165)
ENGLISH = Voice("en-gb-x-rp+m5", rate=160)


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence to record."""

    name: str
    """of the file, without its suffix"""
    language: str
    text: str
    voice: Voice


DEMO = (
    Line("fr_time", "fr", "Quelle heure est-il?", FRENCH),
    Line("fr_sum", "fr", "Combien font sept fois huit?", FRENCH),
    Line("fr_joke", "fr", "Raconte-moi une blague.", FRENCH),
    Line("fr_story", "fr", "Raconte-moi une histoire.", FRENCH),
    Line("fr_weather", "fr", "Quel temps fait-il à Lyon demain?", FRENCH),
    Line("fr_timer", "fr", "Mets un minuteur de cinq secondes.", FRENCH),
    Line("fr_stop", "fr", "Arrête.", FRENCH),
    Line("fr_thanks", "fr", "Merci beaucoup.", FRENCH),
    Line("fr_goodbye", "fr", "Au revoir.", FRENCH),
    Line("en_time", "en", "What time is it?", ENGLISH),
    Line("en_sum", "en", "What is seven times eight?", ENGLISH),
    Line("en_joke", "en", "Tell me a joke.", ENGLISH),
    Line("en_story", "en", "Tell me a story.", ENGLISH),
    Line("en_timer", "en", "Set a timer for five seconds.", ENGLISH),
    Line("en_stop", "en", "Stop.", ENGLISH),
    Line("en_thanks", "en", "Thank you very much.", ENGLISH),
    Line("en_goodbye", "en", "Goodbye.", ENGLISH),
)
FIXTURES = (
    Line("fr", "fr", "Répète, s'il te plaît.", Voice("fr-ch+m5", rate=150)),
    Line("en", "en", "What is your name?", Voice("en-us+Andrea", rate=150)),
)


@dataclass(frozen=True, slots=True)
class Format:
    """How a fixture is stored."""

    suffix: str
    """added to the name of the line, with the extension"""
    sample_rate: int
    """Hz"""
    channels: int
    subtype: str
    """libsndfile's name"""


FORMATS = (
    Format("_16k.wav", 16_000, 1, "PCM_16"),
    Format("_48k_stereo.flac", 48_000, 2, "PCM_24"),
    Format(".mp3", 16_000, 1, "MPEG_LAYER_III"),
    Format("_8k.wav", 8_000, 1, "PCM_16"),
)

Entry = dict[str, str | float]


def record(es: Espeak, line: Line) -> tuple[Floats, Entry]:
    """The sound of a line, with 0.3 to 0.6 s of quiet on both sides, and its manifest entry without the file."""
    speech = es.say(line.text, line.voice).samples
    rng = np.random.default_rng(zlib.crc32(f"{line.name} {line.text}".encode()))
    lead, tail = rng.uniform(0.3, 0.6, 2)
    samples, (start,) = place([speech], Setting(lead, (), tail, PEAK_DB, SNR_DB), rng)
    entry: Entry = {
        "text": line.text,
        "language": line.language,
        "speech_start_s": round(start, 3),
        "speech_end_s": round(start + len(speech) / SAMPLE_RATE, 3),
        "duration_s": round(len(samples) / SAMPLE_RATE, 3),
        "voice": line.voice.name,
    }
    return samples, entry


def write(path: Path, samples: Floats, form: Format) -> Entry:
    """Store 16 kHz mono sound in another form; of two channels only the right one has sound.

    So whoever takes the left channel for the whole hears nothing, and a silent channel costs a FLAC almost no bytes.
    """
    import soundfile
    import soxr

    sound = soxr.resample(samples, SAMPLE_RATE, form.sample_rate, quality="VHQ")
    if form.channels == 2:
        sound = np.stack([np.zeros_like(sound), sound], axis=1)
    soundfile.write(path, sound, form.sample_rate, subtype=form.subtype)
    return {"file": path.name, "sample_rate": form.sample_rate, "channels": form.channels}


def save_manifest(folder: Path, entries: list[Entry]) -> None:
    """One entry per file, in the order they were made."""
    text = json.dumps(entries, ensure_ascii=False, indent=1)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def make_demo(es: Espeak, folder: Path) -> None:
    """The lines of the demo as 16-bit mono FLAC."""
    folder.mkdir(parents=True, exist_ok=True)
    entries: list[Entry] = []
    for line in DEMO:
        samples, entry = record(es, line)
        path = folder / f"{line.name}.flac"
        write(path, samples, Format(".flac", SAMPLE_RATE, 1, "PCM_16"))
        entries.append({"file": path.name, **entry})
    save_manifest(folder, entries)


def make_fixtures(es: Espeak, folder: Path) -> None:
    """Each fixture in each form."""
    folder.mkdir(parents=True, exist_ok=True)
    entries: list[Entry] = []
    for line in FIXTURES:
        samples, entry = record(es, line)
        for form in FORMATS:
            path = folder / f"{line.name}{form.suffix}"
            entries.append({**write(path, samples, form), **entry})
    save_manifest(folder, entries)


def main() -> None:
    """Make both folders."""
    parser = argparse.ArgumentParser(description="Make the recordings of the demo and of the tests.")
    parser.add_argument("--demo", type=Path, default=ROOT / "ui" / "assets" / "demo")
    parser.add_argument("--fixtures", type=Path, default=ROOT / "tests" / "audio")
    args = parser.parse_args()
    es = Espeak.bundled()
    make_demo(es, args.demo)
    make_fixtures(es, args.fixtures)


if __name__ == "__main__":
    main()
