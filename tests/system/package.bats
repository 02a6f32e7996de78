#!/usr/bin/env bats
# The packages: built, installed, upgraded and removed below a scratch root, and a job run
# with what was installed there. PAVTEST_PACKAGES names another place to build them than
# build/packages.

# shellcheck disable=SC2046 # names of packages have no spaces
# shellcheck source=tests/system/helpers.bash
load helpers

ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

setup_file() {
    require_root
    require_commands rpm rpmbuild rpmlint rpm2cpio cpio ldd setpriv
    export PACKAGES=${PAVTEST_PACKAGES:-$ROOT/build/packages}
    # What Debian's tools would add is left out, so that ccache knows the files of the RPMs.
    export DEB_CFLAGS_SET='-O2 -g' DEB_CXXFLAGS_SET='-O2 -g' DEB_CPPFLAGS_SET='' DEB_LDFLAGS_SET=''
    mkdir -p "$PACKAGES"
    rm -f "$PACKAGES"/*.{rpm,deb,tar.gz,changes}
    (cd "$ROOT" && scripts/package rpm --no-check --output "$PACKAGES")
    ! on_debian || (cd "$ROOT" && scripts/package deb --no-check --output "$PACKAGES")
    (cd "$ROOT" && scripts/package tarball --output "$PACKAGES")
    release=$(sed -nE 's/.*SLURM_VERSION_NUMBER 0x(..)(..).*/0x\1 0x\2/p' "$(slurm_headers)/slurm/slurm_version.h")
    # shellcheck disable=SC2086 # two numbers
    release=$(printf '%d.%02d' $release)
    export release
    make_next_release
}

teardown_file() {
    [[ -z ${next-} ]] || rm -rf "$next"
}

setup() {
    # Users have to reach what is installed here.
    root=$(mktemp -d /tmp/pavtest-XXXXXX)
    chmod 755 "$root"
}

teardown() {
    [[ -z ${PAVTEST_CLUSTER_DIR-} ]] || {
        logs_if_failed
        stop_cluster
    }
    rm -rf "$root"
}

on_debian() {
    [[ -e /etc/debian_version ]]
}

# For tests of Debian's packages.
require_debian() {
    on_debian || skip "Debian's tools are Debian's"
    require_commands dpkg-buildpackage dh lintian
}

slurm_headers() {
    local header
    header=$(echo '#include <slurm/spank.h>' | c++ -M -xc++ - | grep -o '[^ ]*/slurm/spank\.h' | head -n 1)
    echo "${header%/slurm/spank.h}"
}

# A second release of the packages, whose default settings differ.
make_next_release() {
    next=$(mktemp -d /tmp/pavtest-XXXXXX)
    export next
    git clone --quiet "$ROOT" "$next/tree"
    (
        cd "$next/tree" || exit
        echo '# a line of the next release' | tee -a etc/pavtest.yaml >>etc/plugstack.conf.d/pavtest.conf.in
        sed -i 's/^Release:\( *\)1/Release:\12/' packaging/pavtest.spec
        sed -i '1s/(\(.*\)-1)/(\1-2)/' packaging/debian/changelog
        git -c user.name=test -c user.email=test@example.org commit --quiet --all --message=next
        mkdir -p "$PACKAGES/next"
        rm -f "$PACKAGES"/next/*
        # In the place of the first, because ccache goes by places.
        ln -s "$PACKAGES/.work" "$PACKAGES/next/.work"
        scripts/package rpm --no-check --output "$PACKAGES/next"
        ! on_debian || scripts/package deb --no-check --output "$PACKAGES/next"
    )
}

rpms() {
    find "$1" -maxdepth 1 -name '*.rpm' ! -name '*.src.rpm' ! -name '*debuginfo*' "${@:2}"
}

debs() {
    find "$1" -maxdepth 1 -name '*.deb' ! -name '*-dbgsym_*' "${@:2}"
}

in_root() {
    rpm --root "$root" "$@"
}

# An RPM that stands for the distribution: Slurm of a release, and what programs need.
provide_slurm() {
    local packages provides
    mapfile -t packages < <(rpms "$PACKAGES")
    provides=$(rpm --query --package --requires "${packages[@]}" | grep -E '^(lib|ld-|rtld|/bin/)' | sort -u)
    {
        printf 'Name: slurm\nVersion: %s.1\nRelease: 1\nSummary: stub\nLicense: none\nBuildArch: noarch\n' "$1"
        sed 's/^/Provides: /' <<<"$provides"
        printf '%%description\nstub\n%%files\n'
    } >"$BATS_TEST_TMPDIR/slurm.spec"
    rpmbuild -bb --quiet --define "_topdir $BATS_TEST_TMPDIR/rpm" "$BATS_TEST_TMPDIR/slurm.spec" 2>/dev/null
    in_root --upgrade --oldpackage "$BATS_TEST_TMPDIR"/rpm/RPMS/noarch/slurm-"$1".1-1.noarch.rpm
}

# The same as Debian packages.
provide_debian_slurm() {
    local name version
    mkdir -p "$root"/var/lib/dpkg/{info,updates} "$root/var/log"
    touch "$root"/var/lib/dpkg/{status,available}
    for name in libc6=2.36 "slurm-wlm-basic-plugins=$1.8"; do
        version=${name#*=}
        name=${name%=*}
        mkdir -p "$BATS_TEST_TMPDIR/$name/DEBIAN"
        printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: test <test@example.org>\nDescription: stub\n' \
            "$name" "$version" >"$BATS_TEST_TMPDIR/$name/DEBIAN/control"
        dpkg-deb --build "$BATS_TEST_TMPDIR/$name" "$BATS_TEST_TMPDIR" >/dev/null
        in_debian_root --install "$BATS_TEST_TMPDIR/${name}_${version}_all.deb"
    done
}

in_debian_root() {
    dpkg --root="$root" --log=/dev/null --force-confdef --force-confold "$@" </dev/null
}

mode_of() {
    stat --format='%a %U' "$root$1"
}

# Only what is part of libc.
needs_libc_only() {
    ! ldd "$1" | grep -vE 'linux-vdso|/ld-linux|lib(c|m|dl|pthread|rt)\.so'
}

@test "rpmlint has nothing to say" {
    run rpmlint --config "$ROOT/packaging/rpmlint.toml" "$PACKAGES"/*.rpm
    [[ $output == *" 0 errors, 0 warnings"* ]] || fail "$output"
}

@test "lintian has nothing to say" {
    require_debian
    # No bug report asked for the first packages, and these were built without hardening.
    run lintian --allow-root --fail-on info,pedantic \
        --suppress-tags initial-upload-closes-no-bugs "$PACKAGES"/*.changes
    ((status == 0)) || fail "$output"
    [[ $output != *[WEIP]:\ * ]] || fail "$output"
}

@test "the packages run no scripts" {
    for package in $(rpms "$PACKAGES"); do
        [[ -z $(rpm --query --package --scripts --triggers --filetriggers "$package") ]] || fail "$package"
    done
    for package in $(debs "$PACKAGES"); do
        [[ $(dpkg-deb --ctrl-tarfile "$package" | tar --list) != *@(inst|rm|triggers|config)* ]] || fail "$package"
    done
}

@test "programs and plugin need libc and nothing else" {
    (cd "$root" && for package in $(rpms "$PACKAGES"); do rpm2cpio "$package" | cpio --extract --make-directories --quiet; done)
    for program in "$root"/usr/bin/pav{suite,run,stat} "$root/usr/libexec/pavtest/pavnode" \
        "$root"/usr/lib*/slurm/spank_pavtest.so; do
        needs_libc_only "$program" || fail "$program"
    done
    tar --extract --directory "$root" --file "$PACKAGES"/pavtest-*-"$(uname -m)".tar.gz
    for program in "$root"/pavtest-*/bin/*; do
        needs_libc_only "$program" || fail "$program"
    done
}

@test "RPM: the plugin requires its own Slurm" {
    provide_slurm 30.01
    run in_root --install $(rpms "$PACKAGES")
    ((status != 0))
    [[ $output == *"slurm < "* ]]
    provide_slurm "$release"
    in_root --install $(rpms "$PACKAGES")
}

@test "RPM: compute nodes need no more than plugin, node and common" {
    provide_slurm "$release"
    in_root --install $(rpms "$PACKAGES" ! -name 'pavtest-tools*')
    [[ ! -e $root/usr/bin/pavsuite ]]
    [[ $(mode_of /usr/libexec/pavtest/pavnode) == "711 root" ]]
    [[ $(mode_of /var/spool/pavtest) == "700 root" ]]
    plugin=$(in_root --query --list "slurm-spank-pavtest-$release" | grep 'spank_pavtest\.so$')
    grep -qx "optional $plugin" "$root/etc/slurm/plugstack.conf.d/pavtest.conf"
    [[ $plugin == /* ]]
    in_root --verify --all
}

@test "RPM: what was edited survives an upgrade, what was not is new" {
    provide_slurm "$release"
    in_root --install $(rpms "$PACKAGES")
    echo 'store: /scratch/{user}' >>"$root/etc/pavtest/pavtest.yaml"
    in_root --upgrade $(rpms "$PACKAGES/next")
    grep -q '^store: /scratch' "$root/etc/pavtest/pavtest.yaml"
    grep -q 'next release' "$root/etc/pavtest/pavtest.yaml.rpmnew"
    grep -q 'next release' "$root/etc/slurm/plugstack.conf.d/pavtest.conf"
}

@test "RPM: removing them leaves nothing but what was edited" {
    provide_slurm "$release"
    in_root --install $(rpms "$PACKAGES")
    echo 'store: /scratch/{user}' >>"$root/etc/pavtest/pavtest.yaml"
    in_root --erase "slurm-spank-pavtest-$release" pavtest-tools pavtest-node pavtest-common
    run find "$root" ! -type d ! -path '*/var/lib/rpm/*' ! -path '*/.rpmdb/*'
    [[ $output == "$root/etc/pavtest/pavtest.yaml.rpmsave" ]] || fail "$output"
}

@test "RPM: plugins for two Slurm releases, side by side in one repository" {
    cp -r "$(slurm_headers)/slurm" "$BATS_TEST_TMPDIR"
    sed -i 's/\(SLURM_VERSION_NUMBER\) 0x......$/\1 0x1e0b02/' "$BATS_TEST_TMPDIR/slurm/slurm_version.h"
    (cd "$ROOT" && scripts/package rpm --plugin-only --slurm "$BATS_TEST_TMPDIR" --output "$PACKAGES/next")
    other=$(find "$PACKAGES/next" -name 'slurm-spank-pavtest-30.11-*.rpm')
    [[ -n $other && ! -e $PACKAGES/${other##*/} ]]
    provide_slurm "$release"
    in_root --install $(rpms "$PACKAGES")
    run in_root --install "$other"
    ((status != 0))
    [[ $output == *"slurm >= 30.11"* && $output == *conflict* ]]
    # The new Slurm comes with its plugin, in the place of the old ones.
    in_root --erase "slurm-spank-pavtest-$release"
    provide_slurm 30.11
    in_root --install "$other"
    rm "$PACKAGES"/next/*30.11*
}

@test "Debian: installed, edited, upgraded, removed" {
    require_debian
    provide_debian_slurm "$release"
    in_debian_root --install $(debs "$PACKAGES")
    [[ $(mode_of /usr/libexec/pavtest/pavnode) == "711 root" ]]
    [[ $(mode_of /var/spool/pavtest) == "700 root" ]]
    plugin=$(sed -n 's/^optional //p' "$root/etc/slurm/plugstack.conf.d/pavtest.conf")
    [[ -e $root$plugin ]]
    echo 'store: /scratch/{user}' >>"$root/etc/pavtest/pavtest.yaml"
    in_debian_root --install $(debs "$PACKAGES/next")
    grep -q '^store: /scratch' "$root/etc/pavtest/pavtest.yaml"
    grep -q 'next release' "$root/etc/pavtest/pavtest.yaml.dpkg-dist"
    grep -q 'next release' "$root/etc/slurm/plugstack.conf.d/pavtest.conf"
    in_debian_root --purge "slurm-spank-pavtest-$release" pavtest-tools pavtest-node pavtest-common
    run find "$root" ! -type d ! -path '*/var/lib/dpkg/*'
    [[ -z $output ]] || fail "$output"
}

@test "Debian: the plugin requires its own Slurm" {
    require_debian
    provide_debian_slurm 30.01
    run in_debian_root --install $(debs "$PACKAGES")
    ((status != 0))
    [[ $output == *"slurm-spank-pavtest-$release depends on slurm-wlm-basic-plugins"* ]]
}

@test "a job runs with what was installed" {
    provide_slurm "$release"
    in_root --install $(rpms "$PACKAGES")
    start_cluster --nodes 2 --prefix "$root/usr"
    job=$(submit --nodes=2 --pavtest=selftest.pass --output=out)
    [[ $(wait_job "$job" 60) == COMPLETED ]]
    run as_user "$USER_A" pavstat --offline -j "$job"
    [[ $output == *selftest.pass*COMPLETE*PASS* ]] || fail "$output"
    run as_user "$USER_A" pavstat --offline -j "$job" --nodes
    [[ $output == *n1*prolog*epilog* && $output == *n2*prolog*epilog* ]] || fail "$output"
}

@test "the tarball works from a home directory, without the plugin" {
    start_cluster --nodes 1
    home=$(home_of "$USER_A")
    tar --extract --directory "$home" --file "$PACKAGES"/pavtest-*-"$(uname -m)".tar.gz
    chown -R "$USER_A:" "$home"
    bin=$(echo "$home"/pavtest-*/bin)
    run as_user "$USER_A" "$bin/pavsuite" submit selftest.pass
    ((status == 0)) || fail "$output"
    [[ $output == *"no pavtest plugin"* ]]
    job=$(grep -oE '[0-9]+$' <<<"$output" | tail -n 1)
    [[ $(wait_job "$job" 60) == COMPLETED ]]
    run as_user "$USER_A" "$bin/pavstat" -j "$job"
    [[ $output == *selftest.pass*COMPLETE*PASS* ]] || fail "$output"
    # Nothing lies outside of what was unpacked and the store.
    run find "$home" -maxdepth 1 -mindepth 1 ! -name 'pavtest-*' ! -name .pavtest ! -name 'slurm-*.out'
    [[ -z $output ]] || fail "$output"
}
