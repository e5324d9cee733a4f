"""French: what the skills listen for and what they say. Data only. Patterns are folded: no accents, no hyphens."""

from __future__ import annotations

import re

from llm.builtin.wording import Texts, TimerWords, Wording, compiled

_TIMER = r"(?:minuteurs?|minuteries?|timers?|chronos?|chronometres?|comptes? a rebours)"
_CAN_YOU = r"(?:(?:est ce que )?(?:tu peux|peux tu|tu pourrais|pourrais tu|vous pouvez|pouvez vous) )?"
_WHICH_DAY = (
    r"(?:sommes nous|on est|est on|est ce|est il|nous sommes|c est|serons nous|nous serons|sera t on|on sera"
    r"|etions nous|etait on|on etait|c etait)"
)
_DAY = r"(?: (?:de? )?(?:aujourd hui|demain|hier|du jour|maintenant|de la semaine|actuelle|la))*"

_PATTERNS = compiled(
    {
        "stop": (
            r"(?:stop|arrete[sz]?(?: (?:toi|ca|tout|de parler|de causer))?|tais toi|taisez vous|silence|chut"
            r"|ca suffit|assez|annule[rz]?(?: (?:ca|tout|cela))?|oublie(?: ca)?|pause|c est bon|tant pis"
            r"|laisse[rz]?(?: tomber)?|(?:attends?|attendez)(?: (?:un peu|une (?:seconde|minute)|un (?:instant|moment)))?)"
            r"(?: maintenant)?",
        ),
        "repeat": (
            rf"{_CAN_YOU}(?:me |le |la |les )*(?:repete[srz]?|redis|redire|redites|relis|relire)"
            r"(?: (?:le|la|moi|ca|cela|texte|encore|une fois|derniere|phrase|reponse|ce que tu as dit))*",
            r"(?:qu est ce que (?:tu as|t as|vous avez) dit|(?:tu as|t as|vous avez) dit quoi|qu as tu dit|pardon|comment"
            r"|encore une fois|hein|quoi)",
        ),
        "timer_cancel": (
            r".*\b(?:annule[rz]?|arrete[rz]?|supprime[rz]?|stoppe[rz]?|stop|coupe[rz]?|eteins|enleve[rz]?)\b"
            rf".*\b{_TIMER}\b.*",
            r".*\b(?:arrete[rz]?|stoppe[rz]?|coupe[rz]?|eteins)\b.*\b(?:alarme|sonnerie)\b.*",
        ),
        "timer_left": (
            r".*\bcombien de (?:temps|minutes|secondes) (?:il )?(?:me |nous )?reste\b.*|.*\btemps restant\b.*",
            r".*\bil (?:me )?reste combien\b.*|combien de temps (?:encore|avant la fin).*",
            rf".*\b(?:ajoute|prolonge|rallonge|change|modifie|reprends)[rz]?\b.*\b{_TIMER}\b.*",
        ),
        "volume": (
            rf"{_CAN_YOU}(?:(?:mets?|mettre|regle[rz]?|mettez|passe[rz]?|monte[rz]?|baisse[rz]?) )?(?:le |ton |votre )?(?:volume|son)"
            r" (?:a|sur) .{1,40}",
        ),
        "louder": (
            rf"{_CAN_YOU}(?:(?:parle[rsz]?|parlez|un peu|beaucoup) )*plus fort",
            rf"{_CAN_YOU}(?:monte[rz]?|augmente[rz]?|hausse[rz]?) (?:(?:un peu|beaucoup) )?(?:le |ton |votre )?(?:volume|son)(?: un peu)?",
        ),
        "softer": (
            rf"{_CAN_YOU}(?:(?:parle[rsz]?|parlez|un peu|beaucoup) )*(?:moins fort|plus bas|plus doucement)",
            rf"{_CAN_YOU}(?:baisse[rz]?|diminue[rz]?|reduis(?:ez)?|reduire) (?:(?:un peu|beaucoup) )?(?:le |ton |votre )?(?:volume|son)(?: un peu)?",
        ),
        "how_loud": (r"(?:quel est le|(?:le|ton|votre)) volume(?: actuel)?|a combien est le volume",),
        "time": (
            r".*\b(?:quelle heure (?:est il|il est|est ce|qu il est)|il est quelle heure"
            r"|(?:t as|tu as|as tu|vous avez|avez vous) l heure|(?:donne|dis)[rz]?(?: moi)? l heure"
            r"|(?:me |nous )?(?:dire|donner) l heure)(?: maintenant| actuellement| la)?",
            r"(?:l )?heure|quelle heure",
        ),
        "date": (
            rf".*\b(?:quel jour|quelle date|en quelle annee|quelle annee|(?:en )?quel mois|le combien) {_WHICH_DAY}{_DAY}",
            rf".*\b(?:on est|on sera|on etait|nous sommes|c est) (?:en )?(?:quel jour|quelle date|le combien|quelle annee|quel mois){_DAY}",
            rf".*\b(?:quelle est|(?:donne|dis)(?: moi)?|(?:me )?(?:dire|donner)|c est quoi) la date{_DAY}",
            rf"(?:la )?date{_DAY}|quel jour{_DAY}",
        ),
        "fine": (r"(?:oui )?(?:ca va|je vais)(?: (?:tres|plutot))? bien(?: merci)?(?: et (?:toi|vous))?",),
        "how": (
            r"(?:(?:bonjour|salut) )?(?:comment (?:ca va|vas tu|tu vas|allez vous)|ca va|tu vas bien|vous allez bien)"
            r"(?: (?:toi|bien|aujourd hui))*",
        ),
        "hear": (
            r".*\b(?:m entends(?: tu)?|m entendez(?: vous)?|m ecoutes(?: tu)?)(?: la| bien| maintenant)*",
            r"(?:tu es la|es tu la|t es la|il y a quelqu un)",
        ),
        "who": (
            r".*\b(?:qui es tu|qui etes vous|(?:tu|t) es qui|vous etes qui|comment (?:tu t appelles|t appelles tu)"
            r"|comment (?:vous vous appelez|vous appelez vous)|(?:quel est|c est quoi) (?:ton|votre) nom"
            r"|tu t appelles comment|presente toi|presentez vous)",
        ),
        "help": (
            r".*\b(?:que (?:peux|sais) tu (?:faire|dire)|que (?:pouvez|savez) vous faire"
            r"|(?:qu est ce que |ce que )?(?:tu|vous) (?:peux|sais|pouvez|savez) faire(?: quoi)?"
            r"|que puis je (?:te |vous )?(?:dire|demander)|tu sers a quoi|a quoi sers tu)(?: pour moi)?",
            r"aide(?: moi)?|aidez moi|a l aide|(?:peux tu|tu peux|pouvez vous) m aider|comment ca marche",
        ),
        "thanks": (
            r"(?:(?:oui|super|parfait|d accord|tres bien) )*(?:merci|je te remercie|je vous remercie)"
            r"(?: (?:beaucoup|bien|infiniment|encore|mille fois|a toi|a vous))*",
        ),
        "goodbye": (
            r"(?:merci )?(?:au revoir|adieu|bye|ciao|tchao|a (?:bientot|demain|plus(?: tard)?|la prochaine|tout a l heure)"
            r"|bonne (?:nuit|soiree|journee|fin de journee)|on se voit(?: .{1,20})?|c est tout(?: merci)?)(?: merci)?",
        ),
        "greeting": (
            r"(?:bonjour|bonsoir|salut|coucou|hello|allo|prism|prisme|rebonjour)(?: (?:a toi|a tous|prism|l ordinateur))*",
        ),
        "acknowledge": (
            r"non merci(?: beaucoup)?",
            r"(?:oui|non|ok|okay|ouais|si|d accord|bien sur|entendu|parfait|super|tres bien|ca marche)",
        ),
        "alarm": (
            r".*\b(?:reveil|reveille(?:z)? moi|alarmes?|rappelle(?:z)? moi|rappels?|me (?:reveiller|rappeler))\b.*",
        ),
    }
)

_TIMERS = TimerWords(
    nouns=frozenset({"minuteur", "minuterie", "timer", "chrono", "chronometre", "rebours"}),
    verbs=frozenset(
        "mets met mettez mettre lance lancez lancer demarre demarrez demarrer regle reglez regler cree creez creer "
        "programme programmez programmer veux voudrais faut nouveau fais".split()
    ),
    asks=re.compile(
        r".*\b(?:(?:reveille|rappelle|previens|avertis|alerte|appelle|dis)(?:z)? moi|me (?:reveiller|rappeler|prevenir))"
        r"\b.*\bdans\b.*"
    ),
    label_lead=frozenset({"pour", "appele", "appelee", "nomme", "nommee", "intitule", "de", "d", "que"}),
    skip=frozenset(
        "le la les l un une des mon ma mes s il te vous plait stp svp et merci prism d de dans sur a qui dure".split()
    ),
    determiners=frozenset(),
)

_TEXTS = Texts(
    okay="D'accord.",
    acknowledged="D'accord. Dites-moi si vous avez besoin de quelque chose.",
    nothing_to_repeat="Je n'ai encore rien dit.",
    how="Je vais bien, merci. Que puis-je faire pour vous ?",
    fine="Tant mieux. Que puis-je faire pour vous ?",
    hear="Oui, je vous entends.",
    who="Je suis Prism, un assistant vocal qui fonctionne sur votre propre ordinateur. "
    "Aucun modèle de langue n'est connecté pour l'instant, il n'y a donc que mes réponses intégrées.",
    can_do="Je peux donner l'heure et la date, faire des calculs et répéter ce que j'ai dit. "
    "Avec un modèle de langue connecté, nous pourrions parler de tout.",
    can_do_with_timers="Je peux donner l'heure et la date, faire des calculs, régler et annuler des minuteurs, et répéter "
    "ce que j'ai dit. Avec un modèle de langue connecté, nous pourrions parler de tout.",
    thanks="Je vous en prie.",
    goodbye="Au revoir.",
    good_night="Bonne nuit.",
    greeting="Bonjour. Que puis-je faire pour vous ?",
    good_morning="Bonjour. Que puis-je faire pour vous ?",
    good_evening="Bonsoir. Que puis-je faire pour vous ?",
    honest="Aucun modèle de langue n'est connecté, je peux donc seulement {abilities}. Pour parler d'autre chose, lancez "
    "Ollama, LM Studio ou un serveur llama cpp sur cet ordinateur, ou indiquez l'adresse de votre propre serveur dans la "
    "configuration. La commande prism doctor montre où j'ai cherché.",
    honest_again="Je ne peux pas faire cela sans modèle de langue. Je peux {abilities}.",
    honest_opening="Aucun modèle de langue n'est connecté, je peux donc seulement",
    abilities="donner l'heure et la date, et faire des calculs",
    abilities_with_timers="donner l'heure et la date, faire des calculs et régler des minuteurs",
    alarm="Je ne connais ni les réveils ni les rappels, seulement les minuteurs. "
    "Demandez-moi par exemple un minuteur de dix minutes.",
    volume_is="Volume à {percent} pour cent.",
    volume_cannot="Je ne peux pas régler le volume ici.",
    timer_ask="Un minuteur de combien de temps ?",
    timer_set="Minuteur réglé sur {duration}.",
    timer_set_label="Minuteur réglé sur {duration} : {label}.",
    timer_set_start="Minuteur réglé sur",
    timer_done="Le minuteur est réglé.",
    timer_failed="Désolé, le minuteur n'a pas pu être réglé.",
    timer_too_long="Un minuteur peut durer d'une seconde à quatre-vingt-dix-neuf heures.",
    timer_only="Je peux régler des minuteurs et les annuler, mais rien de plus.",
    timer_cannot="Je ne peux pas régler de minuteur ici. Je peux donner l'heure et la date, et faire des calculs.",
    cancelled="Le minuteur est annulé.",
    nothing_to_cancel="Aucun minuteur n'est en marche.",
    cancel_failed="Désolé, le minuteur n'a pas pu être annulé.",
    tool_done="C'est fait.",
    tool_failed="Désolé, cela n'a pas marché.",
    division_by_zero="On ne peut pas diviser par zéro.",
    negative_root="Un nombre négatif n'a pas de racine réelle.",
    too_big="Ce nombre est trop grand ou trop petit pour que je puisse le dire.",
)

FRENCH = Wording(_PATTERNS, _TIMERS, _TEXTS, tomorrow="demain", yesterday="hier")
