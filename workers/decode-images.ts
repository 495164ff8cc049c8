// The process that decodes images: a request as JSON on its input, a report as JSON on its output.
import { readFileSync } from 'node:fs';
import { type DecodeRequest, decodeImages } from '../src/data/decode-images.ts';

const request: DecodeRequest = JSON.parse(readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(await decodeImages(request)));
