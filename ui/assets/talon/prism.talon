# Made by `prism ctl talon-install`, which replaces it: put your own commands into another file.
-
prism start: user.prism("start")
prism stop: user.prism("stop")
prism toggle: user.prism("toggle")
prism cancel: user.prism("cancel")
prism paste last: user.prism("paste-last")
prism retry last: user.prism("retry-last")
