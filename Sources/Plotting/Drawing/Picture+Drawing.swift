import Tensors

extension Picture {
  func color(_ pixel: Int) -> RGB {
    RGB(red: pixels[pixel * 3], green: pixels[pixel * 3 + 1], blue: pixels[pixel * 3 + 2])
  }

  /// The picture at another size: averaged where it shrinks.
  func scaled(width: Int, height: Int, _ interpolation: Interpolation = .bicubic) throws -> Picture {
    if width == self.width, height == self.height { return self }
    let values = resample(
      pixels.map(Float.init), from: (self.width, self.height), to: (width, height), channels: 3, interpolation)
    return try Picture(width: width, height: height, pixels: values.map { UInt8(min(255, max(0, $0 + 0.5))) })
  }

  /// Mostly gray and a little paler, so that the colors of a map laid over it are the map's own.
  func subdued() -> Picture {
    var copy = self
    for i in stride(from: 0, to: pixels.count, by: 3) {
      // Rec. 709 luma.
      let gray = 0.2126 * Float(pixels[i]) + 0.7152 * Float(pixels[i + 1]) + 0.0722 * Float(pixels[i + 2])
      for channel in i..<i + 3 {
        copy.pixels[channel] = UInt8(min(255, (0.8 * gray + 0.2 * Float(pixels[channel])) * 0.85 + 30))
      }
    }
    return copy
  }
}

extension HeatMap {
  /// The map as a picture.
  ///
  /// Values, not colors, are interpolated, so every color of the picture is one of the color map's.
  /// - Parameters:
  ///   - width, height: of the picture, in pixels.
  ///   - range: the values of the color map's two ends.
  /// - Throws: `ShapeError` if a side is not positive.
  public func picture(
    width: Int, height: Int, range: ClosedRange<Float>, colorMap: ColorMap = .viridis,
    interpolation: Interpolation = .nearest
  ) throws -> Picture {
    let map = try resampled(width: width, height: height, interpolation)
    let colors = colorMap.colors
    var pixels: [UInt8] = []
    pixels.reserveCapacity(width * height * 3)
    for value in map.values {
      let place = range.place(value)
      let color = place.isNaN ? ColorMap.notANumber : colors[ColorMap.index(place)]
      pixels.append(color.red)
      pixels.append(color.green)
      pixels.append(color.blue)
    }
    return try Picture(width: width, height: height, pixels: pixels)
  }

  /// The map laid over a picture that is grayed underneath. A map with a value that is not finite is not interpolated.
  /// - Parameters:
  ///   - width, height: of the result, in pixels.
  ///   - opacity: of the map, 0...1.
  /// - Throws: `ShapeError` if a side is not positive.
  public func overlay(
    on picture: Picture, width: Int, height: Int, range: ClosedRange<Float>, colorMap: ColorMap = .viridis,
    opacity: Float = Figures.overlayOpacity, interpolation: Interpolation = .bicubic
  ) throws -> Picture {
    let base = try picture.scaled(width: width, height: height).subdued()
    return try overlay(onSubdued: base, range, colorMap, opacity: opacity, interpolation)
  }

  /// The map laid over a picture that is gray already, at the picture's size.
  func overlay(
    onSubdued picture: Picture, _ range: ClosedRange<Float>, _ colorMap: ColorMap,
    opacity: Float = Figures.overlayOpacity, _ interpolation: Interpolation = .bicubic
  ) throws -> Picture {
    // A smooth kernel would spread a broken value over its neighbors and hide where it stands.
    let kernel = values.allSatisfy(\.isFinite) ? interpolation : .nearest
    let top = try self.picture(
      width: picture.width, height: picture.height, range: range, colorMap: colorMap, interpolation: kernel)
    var mixed = picture
    for i in mixed.pixels.indices {
      let below = Float(picture.pixels[i])
      mixed.pixels[i] = UInt8(min(255, max(0, below + (Float(top.pixels[i]) - below) * opacity + 0.5)))
    }
    return mixed
  }
}
