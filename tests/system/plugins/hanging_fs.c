/* A file system that takes requests and never answers them, for tests of what waits for a store:
 * hanging_fs DIRECTORY. Who looks into the directory waits, unkillable, until this
 * process ends. Root's. */
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

int main(int argc, char* argv[]) {
    char options[128];
    static char request[1 << 17];
    int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (argc != 2 || fuse < 0) {
        perror("hanging_fs: /dev/fuse");
        return 2;
    }
    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fuse);
    if (mount("hanging_fs", argv[1], "fuse", MS_NOSUID | MS_NODEV, options) != 0) {
        perror("hanging_fs: mount");
        return 2;
    }
    puts("mounted");
    fflush(stdout);
    for (;;) {
        ssize_t size = read(fuse, request, sizeof request);
        if (size < 0) {
            return 0; /* unmounted */
        }
        const struct fuse_in_header* in = (const struct fuse_in_header*)request;
        if (in->opcode == FUSE_INIT) {
            struct {
                struct fuse_out_header header;
                struct fuse_init_out init;
            } answer;
            memset(&answer, 0, sizeof answer);
            answer.header.len = sizeof answer;
            answer.header.unique = in->unique;
            answer.init.major = FUSE_KERNEL_VERSION;
            answer.init.minor = FUSE_KERNEL_MINOR_VERSION;
            answer.init.max_write = 4096;
            if (write(fuse, &answer, sizeof answer) < 0) {
                perror("hanging_fs: init");
                return 2;
            }
        }
    }
}
