#!/usr/bin/sh
# Replaces: ovs-installer-gather.sh --id ID [ADDRESS …]
# By:       logs_sender with the installer's gathering, on a bootstrap whose installation failed
# Why:      would gather from the network of the machine, and by ssh from masters that are not there
# Answers:  success, nothing said
# Versions: agent a272a11d
exit 0
