import COpenBLAS
import Tensors

/// The principal components of rows that come in blocks of columns, such as the queries of an attention whose heads come
/// one by one.
///
/// Of `X`, `[rows, columns]` with each column's mean taken off, the scores of component i are `u_i sqrt(l_i)`, the
/// eigenvectors and eigenvalues of `X XT`: the left singular vectors of X times its singular values, in double precision.
/// The columns are never all in memory.
///
/// The sign of a component is no matter of the data. Here the score of largest magnitude is positive, of equal ones the
/// first.
public struct PrincipalComponents: Sendable {
  public let rows: Int
  /// Columns that were added.
  public private(set) var columns = 0
  /// `X XT`, its lower triangle.
  private var products: [Double]

  public init(rows: Int) {
    precondition(rows > 0, "components of \(rows) rows")
    self.rows = rows
    products = [Double](repeating: 0, count: rows * rows)
  }

  /// Columns that are centred and multiplied at a time; the memory beside the products.
  private static let blockColumns = 256

  /// Adds columns.
  /// - Parameter values: `[rows, count]`, row by row.
  /// - Throws: `ShapeError` if the values do not fill the rows.
  public mutating func add(_ values: [Float]) throws(ShapeError) {
    guard values.count % rows == 0, !values.isEmpty else {
      throw ShapeError("PrincipalComponents", expected: "\(rows) rows of equal length", found: "\(values.count) values")
    }
    let count = values.count / rows
    for start in stride(from: 0, to: count, by: Self.blockColumns) {
      let width = min(Self.blockColumns, count - start)
      var block = [Double](repeating: 0, count: rows * width)
      for column in 0..<width {
        var mean = 0.0
        for row in 0..<rows { mean += Double(values[row * count + start + column]) }
        mean /= Double(rows)
        for row in 0..<rows { block[row * width + column] = Double(values[row * count + start + column]) - mean }
      }
      cblas_dsyrk(
        CblasRowMajor, CblasLower, CblasNoTrans, Int32(rows), Int32(width), 1, block, Int32(width), 1, &products,
        Int32(rows))
    }
    columns += count
  }

  /// One component.
  public struct Component: Hashable, Sendable {
    /// One a row; their sum is 0 and the sum of their squares the component's part of the variance, times the rows.
    public let scores: [Double]
    /// The part of the whole variance that is the component's, 0...1; 0 where the rows are all alike.
    public let share: Double
  }

  /// The components of largest variance, falling; as many as asked for or as there are rows.
  /// - Throws: `LinearAlgebraError` if LAPACK finds none.
  public func components(_ wanted: Int) throws(LinearAlgebraError) -> [Component] {
    let trace = (0..<rows).reduce(0) { $0 + products[$1 * rows + $1] }
    let found = try SymmetricEigen.largest(min(wanted, rows), of: products, size: rows)
    return found.map { value, vector in
      // A value of rounding alone would draw noise as if it were a pattern.
      let length = value > 1e-14 * trace ? value.squareRoot() : 0
      var top = 0
      for row in vector.indices where abs(vector[row]) > abs(vector[top]) * (1 + 1e-9) { top = row }
      let scale = vector[top] < 0 ? -length : length
      return Component(scores: vector.map { $0 * scale }, share: length > 0 ? value / trace : 0)
    }
  }
}

/// LAPACK did not come to a result.
public struct LinearAlgebraError: Error, Hashable, CustomStringConvertible {
  public let description: String

  package init(description: String) { self.description = description }
}

/// Eigenvectors of symmetric matrices, by LAPACK's `dsyevr`.
package enum SymmetricEigen {
  /// The largest eigenvalues, falling, with their vectors of length 1.
  /// - Parameter matrix: `[size, size]`, row by row; its lower triangle is read.
  package static func largest(
    _ count: Int, of matrix: [Double], size: Int
  ) throws(LinearAlgebraError) -> [(value: Double, vector: [Double])] {
    precondition(matrix.count == size * size && (1...size).contains(count), "\(count) of \(size) eigenvalues")
    guard matrix.allSatisfy(\.isFinite) else {
      throw LinearAlgebraError(description: "eigenvalues: the maps hold a value that is infinite or no number")
    }
    var solver = Solver(matrix: matrix, size: size, count: count)
    var (work, integers) = ([0.0], [Int32(0)])
    // The first call asks for the memory that the second one works in.
    for _ in 0..<2 {
      let isQuery = work.count == 1
      let info = solver.run(&work, &integers, isQuery: isQuery)
      guard info == 0, isQuery || solver.found == count else {
        throw LinearAlgebraError(
          description: "eigenvalues: LAPACK's dsyevr found \(solver.found) of \(count) (info \(info))")
      }
      if isQuery {
        work = [Double](repeating: 0, count: max(2, Int(work[0])))
        integers = [Int32](repeating: 0, count: max(2, Int(integers[0])))
      }
    }
    return (0..<count).reversed().map { index in
      (solver.values[index], Array(solver.vectors[(index * size)..<((index + 1) * size)]))
    }
  }

  /// The arguments of `dsyevr`, which keep their places between its two calls.
  private struct Solver {
    var matrix: [Double]
    let size: Int
    let count: Int
    var found: Int32 = 0
    var values: [Double]
    var vectors: [Double]
    private var support: [Int32]

    init(matrix: [Double], size: Int, count: Int) {
      self.matrix = matrix
      self.size = size
      self.count = count
      values = [Double](repeating: 0, count: size)
      vectors = [Double](repeating: 0, count: size * count)
      support = [Int32](repeating: 0, count: 2 * size)
    }

    mutating func run(_ work: inout [Double], _ integers: inout [Int32], isQuery: Bool) -> Int32 {
      // Arrays of one: an argument that is read may then stand for several.
      let (n, low, zero) = ([Int32(size)], [Int32(size - count + 1)], [0.0])
      let length = [isQuery ? -1 : Int32(work.count)]
      let integerLength = [isQuery ? -1 : Int32(integers.count)]
      var info: Int32 = 0
      // Rows are Fortran's columns: the lower triangle is the upper one there.
      dsyevr_(
        "V", "I", "U", n, &matrix, n, zero, zero, low, n, zero, &found, &values, &vectors, n, &support, &work, length,
        &integers, integerLength, &info, 1, 1, 1)
      return info
    }
  }
}
