// What the answer to a POST of a message means. Mirrors checkPostResponse of etcd's rafthttp/util.go.

import type http from 'node:http';
import { type Answer, answerText, readAnswer } from './request.ts';

/** The peer says that this member was removed from the cluster. */
export class RemovedError extends Error {}

/** Waits for the answer to `request`. Rejects when there is none, or none that says the message was taken. */
export async function posted(request: http.ClientRequest): Promise<void> {
  const answer = await new Promise<Answer>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => void readAnswer(response).then(resolve, reject));
  });
  if (answer.status === 204) return;
  if (answer.status === 403) throw new RemovedError('the member has been permanently removed from the cluster');
  if (answer.status === 412) throw new Error(answerText(answer));
  throw new Error(`unexpected http status ${answer.status}: ${answerText(answer)}`);
}
