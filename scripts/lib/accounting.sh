# shellcheck shell=bash
# shellcheck disable=SC2154 # dir and the settings are those of scripts/cluster
# Accounting for a private cluster: slurmdbd on a MariaDB of its own, which
# listens on a socket in a private directory and on no port. Uses $dir and the
# settings of scripts/cluster.

start_accounting() {
    local user
    user=$(id -un)
    mkdir -m 700 "$dir/database"
    mariadb-install-db --no-defaults --user="$user" --datadir="$dir/database/data" \
        --auth-root-authentication-method=normal --skip-test-db --skip-name-resolve \
        >"$dir/log/mariadb-install.log" 2>&1 ||
        fail_with_log "the database could not be made" mariadb-install
    # The data lives as long as the cluster: nothing needs to survive a crash.
    start_daemon mariadbd mariadbd --no-defaults --user="$user" --datadir="$dir/database/data" \
        --socket="$dir/database/socket" --skip-networking --pid-file="$dir/database/pid" \
        --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0 --innodb-buffer-pool-size=128M \
        --innodb-lock-wait-timeout=900
    wait_until 20 database_answers || fail_with_log "the database does not answer" mariadbd

    write_slurmdbd_conf
    start_slurmdbd
    {
        sacctmgr --immediate --quiet add cluster "$cluster_name"
        sacctmgr --immediate --quiet add account pavtest Description="private cluster" Organization=pavtest
        sacctmgr --immediate --quiet add user "$user" account=pavtest AdminLevel=Admin
    } >"$dir/log/sacctmgr.log" 2>&1 || fail_with_log "the cluster could not be registered" sacctmgr
    rm "$dir"/log/{mariadb-install,sacctmgr}.log
}

start_slurmdbd() {
    # Slurm cannot be told a socket, the database's client library can.
    start_daemon slurmdbd env MYSQL_UNIX_PORT="$dir/database/socket" SLURM_CONF="$dir/etc/slurm.conf" \
        slurmdbd -D
    wait_until 20 port_open "$(slurmdbd_port)" || fail_with_log "slurmdbd does not answer" slurmdbd
}

database_answers() {
    mariadb-admin --no-defaults --socket="$dir/database/socket" --user=root --silent ping \
        >/dev/null 2>&1
}

write_slurmdbd_conf() {
    # slurmdbd refuses a file that others may read.
    (umask 077 && cat >"$dir/etc/slurmdbd.conf") <<CONF
AuthType=auth/munge
AuthInfo=socket=$dir/munge/socket
DbdHost=$host_name
DbdAddr=127.0.0.1
DbdPort=$(slurmdbd_port)
SlurmUser=$(id -un)
LogFile=$dir/log/slurmdbd.log
PidFile=$dir/spool/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=root
StorageLoc=slurm_acct_db
CONF
}

# What a killed start has left of making the database: it would write on into a directory
# that is being removed. What is found no more, zombies aside, has ended.
end_database_makers() {
    local deadline=$((SECONDS + 5))
    while pkill -KILL --full -- "--datadir=$dir/database/data" && ((SECONDS < deadline)); do
        sleep 0.05
    done
}
