/* usage: mpi_check ring | all-reduce: a small MPI program that checks its own answer. */
#include <mpi.h>
#include <stdio.h>
#include <string.h>

static int ring(int rank, int size)
{
    int token = 0;

    if (size == 1)
        return 0;
    if (rank == 0) {
        MPI_Send(&token, 1, MPI_INT, 1, 0, MPI_COMM_WORLD);
        MPI_Recv(&token, 1, MPI_INT, size - 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        printf("ring: token came back as %d of %d\n", token, size - 1);
        return token == size - 1 ? 0 : 1;
    }
    MPI_Recv(&token, 1, MPI_INT, rank - 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    token++;
    MPI_Send(&token, 1, MPI_INT, (rank + 1) % size, 0, MPI_COMM_WORLD);
    return 0;
}

static int all_reduce(int rank, int size)
{
    long sum = 0, mine = rank + 1, right = (long)size * (size + 1) / 2;

    MPI_Allreduce(&mine, &sum, 1, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
    if (sum != right)
        printf("rank %d: all-reduce gave %ld, not %ld\n", rank, sum, right);
    else if (rank == 0)
        printf("all-reduce over %d tasks: %ld\n", size, sum);
    return sum != right;
}

int main(int argc, char **argv)
{
    int rank, size, bad, any;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    bad = argc > 1 && strcmp(argv[1], "ring") == 0 ? ring(rank, size) : all_reduce(rank, size);
    MPI_Allreduce(&bad, &any, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    MPI_Finalize();
    return any;
}
