// A language model and the beginning of a text → its continuation, token by token. Coordinator.
import type { Inference } from '../engine/inference.ts';
import { philox4x32 } from '../kernels/philox.ts';
import { PURPOSE } from '../kernels/purpose.ts';
import { type SamplingRule, sampleToken } from './sample-token.ts';
import { LINE_END, LINE_START, type TextCodec } from './text-codec.ts';

/** What is generated, and how freely. */
export interface GenerateOptions extends Partial<SamplingRule> {
  /** What texts begin with; nothing where nothing is said. */
  prompt?: string;
  /** The most tokens behind the prompt; 200. A model of lines ends at the line's end. */
  length?: number;
  /** How many texts; 1. */
  count?: number;
  /** The same seed, with the same other options, gives the same texts; 1. */
  seed?: number;
  /** Called with the prompt and then with what each token adds to the first text, as they come. */
  onText?: (characters: string) => void;
}

/** A text, its prompt included. */
export interface GeneratedText {
  text: string;
  /** Tokens that were computed: the line's end is one too. */
  tokens: number;
}

interface Sequence {
  index: number;
  tokens: number[];
  generated: number;
  isOver: boolean;
}

/** Generates; a text is a function of the model, the options and its own number alone. @throws DataError for a prompt that cannot begin a text */
export async function generate(
  inference: Inference,
  text: TextCodec,
  options: GenerateOptions,
): Promise<GeneratedText[]> {
  const { count = 1, prompt = '', onText } = options;
  const start = text.start(prompt);
  const sequences = Array.from({ length: count }, (_, index): Sequence => {
    return { index, tokens: [...start], generated: 0, isOver: false };
  });
  onText?.(prompt);
  let told = '';
  const most = Math.min(options.length ?? 200, text.unit === 'lines' ? text.length + 1 - start.length : Infinity);
  const { blockRows } = inference.map;
  for (let from = 0; from < count; from += blockRows) {
    let open = sequences.slice(from, from + blockRows);
    for (let done = 0; done < most && open.length > 0; done++) {
      await extend(inference, text, open, options);
      const [first] = open;
      if (onText !== undefined && first.index === 0 && !first.isOver) {
        const whole = wholeCharacters(text.decode(first.tokens.slice(start.length)));
        onText(whole.slice(told.length));
        told = whole;
      }
      open = open.filter(({ isOver }) => !isOver);
    }
  }
  const texts = sequences.map(({ tokens, generated, isOver }) => {
    return { text: prompt + text.decode(tokens.slice(start.length, isOver ? -1 : undefined)), tokens: generated };
  });
  // The bytes of a character that did not become whole.
  const rest = texts[0].text.slice(prompt.length + told.length);
  if (rest !== '') onText?.(rest);
  return texts;
}

/** A character may take several tokens of bytes: until the last of them is there, U+FFFD stands for it. */
const wholeCharacters = (text: string): string => text.replace(/\uFFFD+$/, '');

/** One token more for each: the last tokens of the sequence are the window, and what is behind them is seen by nobody. */
async function extend(
  inference: Inference,
  { unit, length, size }: TextCodec,
  open: readonly Sequence[],
  { temperature = 1, topK, seed = 1 }: GenerateOptions,
): Promise<void> {
  const inputs = inference.inputs(0);
  for (const [row, { tokens }] of open.entries()) {
    inputs.fill(0, row * length, (row + 1) * length);
    inputs.set(tokens.slice(-length), row * length);
  }
  await inference.run(0, open.length);
  const outputs = inference.outputs(0, open.length);
  const scoresPerToken = inference.map.outputElements / length;
  const words = new Uint32Array(4);
  for (const [row, sequence] of open.entries()) {
    const { tokens, index } = sequence;
    const last = row * length + Math.min(tokens.length, length) - 1;
    // More outputs than tokens are allowed, and the start of a line is none that comes later.
    const scores = outputs.slice(last * scoresPerToken, last * scoresPerToken + size);
    if (unit === 'lines') scores[LINE_START] = Number.NEGATIVE_INFINITY;
    philox4x32(sequence.generated, index, 0, PURPOSE.generate, seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0, words);
    const token = sampleToken(scores, { temperature, topK }, words[0]);
    tokens.push(token);
    sequence.generated++;
    sequence.isOver = unit === 'lines' && token === LINE_END;
  }
}
