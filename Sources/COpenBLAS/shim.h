#include <cblas.h>
#include <stddef.h>

/* LAPACK, which libopenblas holds without a header of it. Fortran: everything by address, matrices by columns, and after
   all others the lengths of the texts. */

/* Eigenvalues, ascending, and eigenvectors of a symmetric matrix.
   jobz "V": vectors too. range "I": those numbered il...iu from 1. uplo "L" or "U": the triangle of a[lda * n] that is
   read; a is overwritten. m: how many were found, in w[n] and z[ldz * m]. isuppz[2 * m]. lwork and liwork of -1 ask for
   the sizes, which come back in work[0] and iwork[0]. info: 0, or what failed. */
void dsyevr_(
    const char *jobz, const char *range, const char *uplo, const int *n, double *a, const int *lda, const double *vl,
    const double *vu, const int *il, const int *iu, const double *abstol, int *m, double *w, double *z, const int *ldz,
    int *isuppz, double *work, const int *lwork, int *iwork, const int *liwork, int *info, size_t jobz_length,
    size_t range_length, size_t uplo_length);

/* The triangle of a symmetric, positive definite matrix a[lda * n] that gives it when multiplied with its own transpose, in
   place of the triangle that uplo names. info: 0, or the row from which on the matrix is not positive definite. */
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info, size_t uplo_length);
