// What an experiment asks for is counted before it is known to be possible: counts and sizes that no Int holds stand at
// the largest one, which every limit refuses.

/// The product of sizes, or the largest whole number where it is more.
public func saturatingProduct(_ factors: Int...) -> Int {
  factors.reduce(1) { product, factor in
    let (value, isTooLarge) = product.multipliedReportingOverflow(by: factor)
    return isTooLarge ? .max : value
  }
}

/// The sum of sizes, or the largest whole number where it is more.
public func saturatingSum(_ terms: [Int]) -> Int {
  terms.reduce(0) { sum, term in
    let (value, isTooLarge) = sum.addingReportingOverflow(term)
    return isTooLarge ? .max : value
  }
}
