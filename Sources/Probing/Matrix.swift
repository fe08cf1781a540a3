import Analysis
import COpenBLAS

/// A matrix in double precision, row by row.
struct Matrix: Sendable {
  let rows: Int
  let columns: Int
  var values: [Double]

  init(rows: Int, columns: Int) {
    self.init(rows: rows, columns: columns, values: [Double](repeating: 0, count: rows * columns))
  }

  init(rows: Int, columns: Int, values: [Double]) {
    precondition(values.count == rows * columns, "\(values.count) values in a matrix of \(rows) x \(columns)")
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  subscript(row: Int, column: Int) -> Double {
    get { values[row * columns + column] }
    set { values[row * columns + column] = newValue }
  }

  /// Some rows, in the order in which they are named.
  func rows(_ indices: [Int]) -> Matrix {
    var result = [Double]()
    result.reserveCapacity(indices.count * columns)
    for index in indices { result += values[(index * columns)..<((index + 1) * columns)] }
    return Matrix(rows: indices.count, columns: columns, values: result)
  }

  /// `a b`, where either may be turned first.
  static func product(_ a: Matrix, _ b: Matrix, turnA: Bool = false, turnB: Bool = false) -> Matrix {
    let (rows, inner) = turnA ? (a.columns, a.rows) : (a.rows, a.columns)
    let (other, columns) = turnB ? (b.columns, b.rows) : (b.rows, b.columns)
    precondition(inner == other, "a product over \(inner) and \(other)")
    var result = Matrix(rows: rows, columns: columns)
    guard rows > 0, columns > 0, inner > 0 else { return result }
    _ = Parallel.oneThreadEach
    cblas_dgemm(
      CblasRowMajor, turnA ? CblasTrans : CblasNoTrans, turnB ? CblasTrans : CblasNoTrans, Int32(rows), Int32(columns),
      Int32(inner), 1, a.values, Int32(a.columns), b.values, Int32(b.columns), 0, &result.values, Int32(columns))
    return result
  }

  /// `X XT`, or `XT X`, whole.
  func squared(turned: Bool) -> Matrix {
    let (size, inner) = turned ? (columns, rows) : (rows, columns)
    var result = Matrix(rows: size, columns: size)
    _ = Parallel.oneThreadEach
    cblas_dsyrk(
      CblasRowMajor, CblasLower, turned ? CblasTrans : CblasNoTrans, Int32(size), Int32(inner), 1, values,
      Int32(columns), 0, &result.values, Int32(size))
    for row in 0..<size {
      for column in 0..<row { result[column, row] = result[row, column] }
    }
    return result
  }

  mutating func addToDiagonal(_ value: Double) {
    for place in 0..<min(rows, columns) { self[place, place] += value }
  }
}

/// The triangle L with `L LT` a symmetric, positive definite matrix, by LAPACK's `dpotrf`.
struct Cholesky: Sendable {
  private let triangle: Matrix

  /// - Parameter matrix: its lower triangle is read.
  /// - Throws: `LinearAlgebraError` if the matrix is not positive definite.
  init(_ matrix: Matrix, of what: String) throws(LinearAlgebraError) {
    precondition(matrix.rows == matrix.columns, "a triangle of \(matrix.rows) x \(matrix.columns)")
    var values = matrix.values
    let size = [Int32(matrix.rows)]
    var info: Int32 = 0
    _ = Parallel.oneThreadEach
    // Rows are Fortran's columns: the lower triangle is the upper one there.
    dpotrf_("U", size, &values, size, &info, 1)
    guard info == 0 else {
      throw LinearAlgebraError(description: "\(what): the matrix is not positive definite (LAPACK's dpotrf: \(info))")
    }
    triangle = Matrix(rows: matrix.rows, columns: matrix.columns, values: values)
  }

  /// The solution of `(L LT) x = right`.
  func solve(_ right: Matrix) -> Matrix {
    var result = right
    for turn in [CblasNoTrans, CblasTrans] {
      cblas_dtrsm(
        CblasRowMajor, CblasLeft, CblasLower, turn, CblasNonUnit, Int32(right.rows), Int32(right.columns), 1,
        triangle.values, Int32(triangle.rows), &result.values, Int32(right.columns))
    }
    return result
  }

  /// `left` times the inverse of `LT`, so that the product with its own transpose is `left (L LT)^-1 leftT`.
  func whiten(_ left: Matrix) -> Matrix {
    var result = left
    cblas_dtrsm(
      CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, Int32(left.rows), Int32(left.columns), 1,
      triangle.values, Int32(triangle.rows), &result.values, Int32(left.columns))
    return result
  }
}
