import { KilnError } from '../../model/error.ts';
import type { Answer } from '../command.ts';

/** Commands that are called the same there, as answers and hints name them. */
const SAME = /\bkiln (builds|images|show|can|share|revoke|recall|lifecycle)\b/g;

/** What a command of one machine says, in the words of a deployment: what it tells people to call is called there by other names. */
export async function asRemote(answering: Promise<Answer>): Promise<Answer> {
  try {
    const answer = await answering;
    return { ...answer, lines: answer.lines.map(reworded) };
  } catch (error) {
    if (!(error instanceof KilnError) || error.hint === undefined) throw error;
    throw new KilnError(error.code, error.message, { hint: reworded(error.hint), cause: error.cause });
  }
}

function reworded(text: string): string {
  return text
    .replaceAll('kiln build PATH', 'kiln remote add PATH')
    .replace(/\bkiln build (?=IMAGE|[a-z0-9])/g, 'kiln remote build ')
    .replace(SAME, 'kiln remote $1');
}
