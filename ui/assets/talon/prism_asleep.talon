# Made by `prism ctl talon-install`, which replaces it: put your own commands into another file.
# While Prism records, Talon sleeps. What you say is dictated, so that only throwing it away makes sense here.
mode: sleep
tag: user.prism_listening
-
prism cancel: user.prism("cancel")
