"""The recipe of the tiny Whisper model that ships in stt/assets/tiny-whisper.

A closed English/French grammar (`sentences`, `grammar`) is spoken by espeak-ng (`espeak`, `noise`, `synth`) and
turned into clips with log-mel features (`features`, `gen`). A Whisper-shaped network of 2.2 M weights is trained on
them from scratch (`tokenizer`, `data`, `model`, `layers`, `objective`, `train`), exported to CTranslate2 int8
(`export`) and measured through the real faster-whisper (`evaluate`). `build.sh` is the order of the steps.

Nothing here is imported by the product. Each module runs from the root of the repository:
`python -m scripts.tiny_whisper.gen ...`.
"""
