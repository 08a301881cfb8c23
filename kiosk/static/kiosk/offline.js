// The screen of a device that has no page of its own yet: asks for the server until it is there.

import { serverAnswers } from "./reloading.js";

const FIRST_MS = 2_000;
const MAX_MS = 20_000;

async function look(wait) {
  await new Promise((done) => setTimeout(done, wait * (0.5 + Math.random())));
  if (await serverAnswers()) location.reload();
  else look(Math.min(MAX_MS, wait * 2));
}

look(FIRST_MS);
