#!/bin/sh
# Boots a systemd of its own as process 1 of new namespaces, on a copy of this machine's file system that is thrown away.
# Run by SystemdMachine: boot-systemd.sh SCRATCH PROGRAM UNIT
#   SCRATCH  an empty directory; SCRATCH/etc becomes /etc/relay, SCRATCH/log becomes /log
#   PROGRAM  becomes /opt/relay
#   UNIT     becomes /etc/systemd/system/relay.service
set -eu
if [ "$1" != inside ]; then
    # Control groups of its own, named for this process, so that what systemd makes there can be cleared away.
    for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
        if [ -e "$hierarchy/cgroup.procs" ] && mkdir "$hierarchy/relay-lab-$$" 2> /dev/null; then
            # Not every old hierarchy lets a process in without further settings; systemd does without those.
            echo $$ > "$hierarchy/relay-lab-$$/cgroup.procs" 2> /dev/null || rmdir "$hierarchy/relay-lab-$$"
        fi
    done
    exec unshare --fork --pid --mount --ipc --uts --cgroup --kill-child "$0" inside "$@"
fi

shift
scratch=$1 program=$2 unit=$3
mount --make-rprivate /
mkdir -p "$scratch/disk" "$scratch/etc" "$scratch/log"
mount -t tmpfs -o mode=755 tmpfs "$scratch/disk"
mkdir "$scratch/disk/upper" "$scratch/disk/work" "$scratch/disk/root"
root=$scratch/disk/root
mount -t overlay -o "lowerdir=/,upperdir=$scratch/disk/upper,workdir=$scratch/disk/work" overlay "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t sysfs sysfs "$root/sys"
if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
else
    mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
    mkdir "$root/sys/fs/cgroup/unified" "$root/sys/fs/cgroup/systemd"
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup/unified"
    mount -t cgroup -o none,name=systemd cgroup "$root/sys/fs/cgroup/systemd"
fi

mkdir -p "$root/opt/relay" "$root/etc/relay" "$root/log"
mount --bind "$program" "$root/opt/relay"
mount --bind "$scratch/etc" "$root/etc/relay"
mount --bind "$scratch/log" "$root/log"

# No unit of this machine's runs but ours. There is no journal, so the relay's log goes to a file.
rm -rf "$root"/etc/systemd/system/*
mkdir -p "$root/etc/systemd/system/relay.service.d"
cp "$unit" "$root/etc/systemd/system/relay.service"
printf '[Unit]\n' > "$root/etc/systemd/system/lab.target"
printf '[Service]\nStandardOutput=append:/log/relay.log\nStandardError=append:/log/relay.log\n' \
    > "$root/etc/systemd/system/relay.service.d/log.conf"

# As the operator's guide says.
chroot "$root" useradd --system --home-dir /var/lib/relay --no-create-home --shell /usr/sbin/nologin relay
export container=lab
exec chroot "$root" /lib/systemd/systemd --system --unit=lab.target --log-target=console --show-status=0
