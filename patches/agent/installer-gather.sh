#!/usr/bin/sh
# Replaces: installer-gather.sh --id ID [ADDRESS …]
# By:       logs_sender with the installer's gathering, on a bootstrap whose installation failed
# Why:      would gather from services of the machine, and by ssh from masters that are not there
# Answers:  a bundle of what the host has written, after the time that a real one takes; until then the folder that partial logs are of
# Versions: agent a272a11d
id=$2
mkdir -p "/tmp/artifacts-$id"
cp /host/answers/journal "/tmp/artifacts-$id/bootkube.log"
read -r seconds < /host/answers/gather-seconds
sleep "$seconds"
tar -czf "/root/log-bundle-$id.tar.gz" -C /tmp "artifacts-$id"
rm -rf "/tmp/artifacts-$id"
