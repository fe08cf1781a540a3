/// Which network's features LPIPS compares.
public enum LPIPSTrunk: String, CaseIterable, Hashable, Sendable {
  /// Krizhevsky 2014, the faster one, by which most values are published.
  case alex
  /// Simonyan and Zisserman 2015, with 16 layers.
  case vgg

  /// A convolution with a ReLU after it, as torchvision's `features` number them.
  struct Layer {
    let place, outputs: Int
    var kernel = 3
    var stride = 1
    var padding = 1
    /// Whether a max pooling, every second cell, comes before it.
    var isPooled = false
    /// Whether its features are compared.
    var isCompared = false
  }

  /// The side of the squares that are pooled.
  var poolKernel: Int { self == .alex ? 3 : 2 }

  var layers: [Layer] {
    switch self {
    case .alex:
      [
        Layer(place: 0, outputs: 64, kernel: 11, stride: 4, padding: 2, isCompared: true),
        Layer(place: 3, outputs: 192, kernel: 5, padding: 2, isPooled: true, isCompared: true),
        Layer(place: 6, outputs: 384, isPooled: true, isCompared: true),
        Layer(place: 8, outputs: 256, isCompared: true),
        Layer(place: 10, outputs: 256, isCompared: true),
      ]
    case .vgg:
      [
        Layer(place: 0, outputs: 64), Layer(place: 2, outputs: 64, isCompared: true),
        Layer(place: 5, outputs: 128, isPooled: true), Layer(place: 7, outputs: 128, isCompared: true),
        Layer(place: 10, outputs: 256, isPooled: true), Layer(place: 12, outputs: 256),
        Layer(place: 14, outputs: 256, isCompared: true), Layer(place: 17, outputs: 512, isPooled: true),
        Layer(place: 19, outputs: 512), Layer(place: 21, outputs: 512, isCompared: true),
        Layer(place: 24, outputs: 512, isPooled: true), Layer(place: 26, outputs: 512),
        Layer(place: 28, outputs: 512, isCompared: true),
      ]
    }
  }
}
