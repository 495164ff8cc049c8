// An image file and a run's stored preprocessing → the sample that training would have made of it. Coordinator.
import { DataError } from './data-error.ts';
import { decodeImage, describeFailure, type ImageRule, loadSharp } from './decode-image.ts';

/**
 * The sample (channels, height, width) of bytes, as it lies in a dataset's memory: dividing by 255, mean and std are the plan's calls.
 *
 * @param file a path, or the bytes of a file
 * @param rule what `preprocessing.json` of the run says
 * @throws DataError where it does not decode, with the install line where sharp is missing
 */
export async function imageToInput(file: string | Uint8Array, rule: ImageRule): Promise<Uint8Array> {
  const sharp = await loadSharp();
  try {
    return (await decodeImage(sharp, file, rule)).pixels;
  } catch (cause) {
    const where = typeof file === 'string' ? file : 'image';
    throw new DataError(where, 'an image that decodes', describeFailure(cause), 'mend or remove it', { cause });
  }
}
