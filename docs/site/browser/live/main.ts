// What runs on a page with live clusters: each <div class="live"> becomes one. Without a page it only offers runs that nobody
// looks at, which is how the same bundle is tested in Node.

import { type HeadlessOptions, type HeadlessResult, runHeadless } from '../../../../test/sim/step/headless.ts';
import { RAFTS } from 'virtual:rafts';
import { type LiveState, stateOfAddress, stateOfElement } from './address.ts';
import { LiveView } from './view.ts';

interface EtcdStepsLive {
  /** Puts a live cluster into an element, which is known in addresses as `id`. Returns what shows it now. */
  mount(root: HTMLElement, id: string): () => LiveView;
  /** Runs a cluster without showing it. */
  runHeadless(options: HeadlessOptions): HeadlessResult;
}

declare global {
  // Only var declares a property of the global object.
  var etcdStepsLive: EtcdStepsLive;
}

function mount(root: HTMLElement, id: string): () => LiveView {
  const show = (state: LiveState): LiveView => {
    const view = new LiveView(id, state, (next) => {
      current = show(next);
    });
    root.replaceChildren(view.element);
    return view;
  };
  const initial = stateOfElement(root);
  const addressed = stateOfAddress(location.hash, id, initial);
  let current = show(addressed ?? initial);
  if (addressed !== undefined) root.scrollIntoView();
  globalThis.addEventListener('hashchange', () => {
    const state = stateOfAddress(location.hash, id, initial);
    if (state !== undefined) current = show(state);
  });
  return () => current;
}

function mountAll(): void {
  document.querySelectorAll<HTMLElement>('div.live').forEach((root, i) => mount(root, `live-${i + 1}`));
}

globalThis.etcdStepsLive = { mount, runHeadless: (options) => runHeadless(RAFTS, options) };

if (typeof document !== 'undefined') {
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', mountAll);
  else mountAll();
}
