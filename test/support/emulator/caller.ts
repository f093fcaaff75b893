import type { Answer, Call } from './door.ts';

/** The account that everything is deployed to. */
export const OWNER = '123456789012';

type Forward = (call: Call) => Promise<Answer>;

/** Account of the credentials that a call is signed with. */
export async function accountOf(call: Call, forward: Forward): Promise<string> {
  const authorization = (call.headers.authorization ?? '').replace(/\/[a-z0-9-]+\/aws4_request/, '/sts/aws4_request');
  const body = Buffer.from('Action=GetCallerIdentity&Version=2011-06-15');
  const answer = await forward({
    ...call,
    method: 'POST',
    path: '/',
    headers: { ...call.headers, authorization },
    body,
  });
  return /<Account>(\d{12})</.exec(answer.body.toString())?.[1] ?? OWNER;
}
