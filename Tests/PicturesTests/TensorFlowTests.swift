import MobileNet
import Pictures
import Testing

/// Pixels and resized images, against TensorFlow's own.
@Suite struct TensorFlowTests {
  @Test func `every kind of picture is there`() {
    #expect(TensorFlowPictures.names.count == 37)
    #expect(TensorFlowPictures.resized.count == 8)
  }

  @Test(arguments: TensorFlowPictures.names)
  func `pixels are those of tf.io.decode_image`(name: String) throws {
    let expected = try TensorFlowPictures.pixels(name)
    let picture = try Picture(decoding: TensorFlowPictures.file(name))
    #expect(picture.width == expected.width)
    #expect(picture.height == expected.height)
    #expect(picture.pixels == expected.pixels)
  }

  @Test(arguments: TensorFlowPictures.resized)
  func `resized images are those of tf.image.resize, bit for bit`(
    name: String, size: String
  ) throws {
    let expected = try TensorFlowPictures.image(name, size: size)
    let picture = try TensorFlowPictures.pixels(name)
    let image = picture.image(height: expected.shape[1], width: expected.shape[2])
    #expect(image.shape == expected.shape)
    #expect(image.scalars == expected.scalars)
  }

  @Test func `a picture of the wanted size is not changed`() throws {
    let picture = try TensorFlowPictures.pixels("png_rgb")
    #expect(picture.image(height: picture.height, width: picture.width) == picture.image)
    #expect(picture.image.scalars == picture.pixels.map { Float($0) * Float(1.0 / 255) })
  }
}
