/* Memory bandwidth of one node: a triad over arrays that no cache holds.
   usage: membw LEAST_MB_PER_SECOND; fails below it. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { COUNT = 8 * 1024 * 1024, ROUNDS = 5 };

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    double least = argc > 1 ? atof(argv[1]) : 0;
    double *a = malloc(COUNT * sizeof *a);
    double *b = malloc(COUNT * sizeof *b);
    double *c = malloc(COUNT * sizeof *c);
    char host[256] = "";
    double best = 0;

    if (!a || !b || !c) {
        fprintf(stderr, "membw: not enough memory\n");
        return 2;
    }
    gethostname(host, sizeof host - 1);
    for (size_t i = 0; i < COUNT; i++) {
        b[i] = (double)i;
        c[i] = 2.0;
    }
    for (int round = 0; round < ROUNDS; round++) {
        double start = seconds(), rate;
        for (size_t i = 0; i < COUNT; i++)
            a[i] = b[i] + 3.0 * c[i];
        rate = 3.0 * COUNT * sizeof *a / (seconds() - start) / 1e6;
        if (rate > best)
            best = rate;
    }
    if (a[COUNT - 1] != (double)(COUNT - 1) + 6.0) {
        printf("%s: the triad computed a wrong value\n", host);
        return 1;
    }
    printf("%s: memory_bandwidth_mb_per_s = %.0f\n", host, best);
    if (best < least) {
        printf("%s: less than %.0f\n", host, least);
        return 1;
    }
    return 0;
}
