import { missing } from '@flowline/events';

/**
 * Lower Cholesky factor of a symmetric matrix, row by row, in place. A pivot that is not positive
 * (rounding of a singular matrix) becomes `least`.
 */
export function cholesky(matrix: Float64Array, size: number, least = 1e-12): Float64Array {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j] ?? missing(matrix, i * size + j);
      for (let k = 0; k < j; k++)
        sum -=
          (matrix[i * size + k] ?? missing(matrix, i * size + k)) *
          (matrix[j * size + k] ?? missing(matrix, j * size + k));
      if (i === j) matrix[i * size + i] = Math.sqrt(Math.max(sum, least));
      else matrix[i * size + j] = sum / (matrix[j * size + j] ?? missing(matrix, j * size + j));
    }
  }
  return matrix;
}

/** ‖L⁻¹ (x − mean)‖², by forward substitution into `solved`; Infinity once it exceeds `limit`. */
export function mahalanobisSquare(
  factor: Float64Array,
  x: Float64Array,
  mean: Float64Array,
  solved: Float64Array,
): number {
  const size = x.length;
  let square = 0;
  for (let i = 0; i < size; i++) {
    let sum = (x[i] ?? missing(x, i)) - (mean[i] ?? missing(mean, i));
    const row = i * size;
    for (let k = 0; k < i; k++)
      sum -= (factor[row + k] ?? missing(factor, row + k)) * (solved[k] ?? missing(solved, k));
    const value = sum / (factor[row + i] ?? missing(factor, row + i));
    solved[i] = value;
    square += value * value;
  }
  return square;
}

/** log |L|: half the log determinant of the matrix whose factor it is. */
export function logDiagonal(factor: Float64Array, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += Math.log(factor[i * size + i] ?? missing(factor, i * size + i));
  return sum;
}
