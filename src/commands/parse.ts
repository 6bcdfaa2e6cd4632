import type { z } from 'zod';
import { type Failure, invalid } from '../kernel/errors.ts';

/** An event holds a command's input twice at the most, and no event is larger than 256 KiB. */
export const INPUT_BYTES_MAX = 100_000;

/** The input as its schema has it, or a sentence for each thing that is wrong. */
export function parseInput<S extends z.ZodType>(name: string, schema: S, input: unknown): z.infer<S> | Failure {
  const text = JSON.stringify(input ?? {});
  if (Buffer.byteLength(text) > INPUT_BYTES_MAX) {
    return invalid(
      'input.too_large',
      `The input of ${name} is larger than ${INPUT_BYTES_MAX} bytes; put large text into a file of the repository.`,
    );
  }
  const parsed = schema.safeParse(input ?? {});
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`);
  return invalid('input.invalid', `${name} does not take that: ${wrong.join('; ')}.`, { issues: wrong });
}
