/** The page in a real browser, on a daemon whose runs are real: threads, HTTP, the embedded service. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findChromium, openBrowser } from '../../model/testing/browser.ts';
import { describeUnless } from '../../model/testing/needs.ts';
import { packageRoot } from '../package-root.ts';
import { RunArchive } from '../telemetry/run-archive.ts';
import type { AccessRules } from './access.ts';
import { PAGE_PATHS } from './page-files.ts';
import { realParts } from './parts.ts';
import { PlanReader } from './plan-reader.ts';
import { PoolLoneAgents } from './pool-lone-agents.ts';
import { RunManager } from './run-manager.ts';
import { createServer } from './server.ts';
import { FakeParts } from './testing/fakes.ts';
import { AccessToken } from './token.ts';

const { lack } = await findChromium();
const TOKEN = 'correct-horse-battery-staple';
/** The clusters arrive over minutes of the machine's time: there is always one to come. */
const PLAN = `name: page
seed: page
service: { url: embedded }
clock_speed: 60
spoke_profile: quick
boot_spread: 5s
arrival: { rate: 10/h }
thresholds: { generator_saturation: 'off' }
clusters:
  - topology: sno
    amount: 40
`;
const PHONE = { width: 390, height: 844, isMobile: true, hasTouch: true };

let browser: Browser;
const plans = new PlanReader();
const folder = mkdtempSync(join(tmpdir(), 'swarm-page-'));
const cleanUps: (() => Promise<unknown>)[] = [];
/** What a page complained of: errors of scripts, of the console, and violations of its policy. */
let complaints: string[] = [];

async function serve(runs: RunManager, access?: AccessRules): Promise<string> {
  const options = { runs, agents: new PoolLoneAgents(), plans, exit: () => {}, ...(access && { access }) };
  const server: FastifyInstance = await createServer(options);
  await server.listen({ host: '127.0.0.1', port: 0 });
  cleanUps.push(
    () => runs.stop(),
    () => server.close(),
  );
  return `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
}

async function open(url: string, viewport?: typeof PHONE): Promise<Page> {
  const page = await browser.newPage();
  cleanUps.unshift(() => page.close());
  if (viewport) await page.setViewport(viewport);
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(url);
  return page;
}

/** Waits until an expression of the page is true. (Texts, because the project is compiled without the types of browsers.) */
const until = (page: Page, expression: string) =>
  page.waitForFunction(expression, { timeout: 60_000, polling: 100 }).catch((cause: unknown) => {
    throw new Error(`it never came true: ${expression}`, { cause });
  });
/** Waits until an element has such a text. */
const reads = (page: Page, selector: string, pattern: RegExp) =>
  until(page, `${pattern}.test(document.querySelector(${JSON.stringify(selector)})?.textContent ?? '')`);
const isHidden = (page: Page, selector: string) => until(page, `document.querySelector('${selector}').hidden`);
/** Gives a field another value, as a paste does. */
const set = (page: Page, selector: string, text: string) =>
  page.evaluate(`document.querySelector('${selector}').value = ${JSON.stringify(text)}`);
const fill = async (page: Page, selector: string, text: string) => {
  await set(page, selector, '');
  await page.type(selector, text);
};

/** Starts a plan by the page's own form. */
async function start(page: Page, plan: string): Promise<void> {
  await page.click('#start');
  await set(page, '#plan', plan);
  await page.click('#start-now');
}

beforeAll(async () => {
  if (lack === null) browser = await openBrowser();
}, 60_000);
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
  complaints = [];
});
afterAll(async () => {
  await browser?.close();
  await plans.close();
  rmSync(folder, { recursive: true });
});

describe("the page's files", () => {
  it('are served without a token, each with its type, its policy and a tag that saves sending it again', async () => {
    const base = await serve(new RunManager(new FakeParts()), { token: new AccessToken(TOKEN), hosts: new Set() });
    // One that is forgotten would be missed by browsers alone.
    const files = readdirSync(join(import.meta.dirname, 'page')).filter((name) => name !== 'index.html');
    expect(PAGE_PATHS).toEqual(expect.arrayContaining(files.map((name) => `/page/${name}`)));
    const { files: packed } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'));
    expect(packed).toContain('swarm/daemon/page');
    for (const path of PAGE_PATHS) {
      const answer = await fetch(base + path);
      expect(answer.status, path).toBe(200);
      expect(answer.headers.get('content-type'), path).toMatch(/^(text\/(html|css|javascript)|image\/svg)/);
      expect(answer.headers.get('content-security-policy'), path).toContain("script-src 'self'");
      expect(answer.headers.get('content-security-policy'), path).not.toContain('unsafe');
      const again = await fetch(base + path, { headers: { 'if-none-match': answer.headers.get('etag')! } });
      expect(again.status, path).toBe(304);
    }
    for (const path of ['/page/', '/page/../metrics', '/page/app.js?x', '/page/server.ts']) {
      expect((await fetch(base + path)).status, path).toBe(401);
    }
  });
});

describeUnless(lack, 'the page', { timeout: 180_000 }, () => {
  it('starts a run, follows it, goes down to a host and a kind of request, pauses arrivals, and stops it', async () => {
    const runs = new RunManager(realParts({ directory: folder, warn: () => {} }), new RunArchive(folder));
    const page = await open(await serve(runs));
    await reads(page, '#badge', /^idle$/);
    await start(page, PLAN.replace('sno', 'big'));
    await reads(page, '#start-error', /^plan:\d+:\d+: .*big.*sno/);
    expect(runs.current).toBeNull();
    complaints = complaints.filter((text) => !text.includes('400'));
    // The cursor stands where the error is.
    const plan = "document.querySelector('#plan')";
    expect(await page.evaluate(`${plan}.value.slice(${plan}.selectionStart)`)).toMatch(/^big/);
    await set(page, '#plan', PLAN);
    await page.click('#start-now');
    await reads(page, '#badge', /^running, deploy$/);
    expect(page.url()).toContain(`run=${runs.current!.id}`);

    // Curves, from the first points on.
    await until(page, "document.querySelectorAll('#load canvas').length >= 7");
    await reads(page, '#middle', /agent · get-instructions/);
    expect(await page.$eval('#load figure [role=img]', (node) => node.getAttribute('aria-label'))).toMatch(
      /^Hosts by state: /,
    );

    // Events, filtered.
    await reads(page, '#events', /host\.phase: /);
    await page.select('#log-form [name=type]', 'cluster.phase');
    const lines = "[...document.querySelectorAll('#events li')].map((line) => line.textContent)";
    await until(page, `${lines}.length > 0 && ${lines}.every((line) => line.includes('cluster.phase'))`);
    await fill(page, '#log-form [name=text]', 'no such word');
    await reads(page, '#log-state', /^0 of the last/);

    // One host, by keys alone.
    await page.select('#browse-form [name=rows]', 'hosts');
    await page.waitForSelector('#rows a[href*="host=0"]');
    await page.focus('#rows a[href*="host=0"]');
    await page.keyboard.press('Enter');
    await reads(page, '#detail', /Host 0.*phase.*booting/s);
    expect(await page.evaluate('document.activeElement.id')).toBe('detail');
    await page.goBack();
    await isHidden(page, '#detail');

    // One kind of request.
    await page.waitForSelector('#middle a[href*="agent+get-instructions"]');
    await page.evaluate(`document.querySelector('#middle a[href*="agent+get-instructions"]').click()`);
    await reads(page, '#detail', /agent · get-instructions \(GET\).*answered, since due.*200.*deploy/s);
    await page.evaluate("location.hash = location.hash.replace(/&.*/, '&cluster=0')");
    await reads(page, '#detail', /Cluster 0: page-.*creating.*host 0/s);

    // Figures of servers are those that the reader chooses.
    await page.click('#picker summary');
    await page.type('#figure-search', 'service_goroutines_un');
    const wanted = "document.querySelector('#figures input[data-key*=service_goroutines_unexplained]')";
    await until(page, `${wanted} !== null && document.querySelectorAll('#figures input').length === 1`);
    const drawn = (await page.evaluate(`${wanted}.checked`)) as boolean;
    const title =
      "[...document.querySelectorAll('#server-charts h3')].some((one) => one.textContent.includes('goroutines_unexplained'))";
    expect(await page.evaluate(title)).toBe(drawn);
    await page.evaluate(`${wanted}.click()`);
    await until(page, `${title} !== ${drawn}`);

    await page.click('#pause');
    await reads(page, '#pause', /^Resume/);
    expect(runs.current!.pace).toBe(0);
    await fill(page, '#factor', '2');
    await page.click('#pace button');
    await reads(page, '#pause', /^Pause/);
    expect(runs.current!.pace).toBe(2);

    await page.click('#stop');
    await page.click('#stop-cancel');
    expect(runs.current!.state).toBe('running');
    await page.click('#stop');
    await page.click('#stop-now');
    await reads(page, '#badge', /^interrupted$/);
    await reads(page, '#log-state', /^The run is over/);
    await isHidden(page, '#stop');
    // What nothing was measured for is not called kept.
    await reads(page, 'main', /Thresholds: \d+ of \d+ (kept|crossed), \d+ without a measurement/);
    expect(await page.$eval('#links a', (link) => link.getAttribute('href'))).toBe(
      `/api/v1/runs/${runs.current!.id}/report`,
    );

    // The same after its end: on a phone, of a daemon that has nothing but the files, chosen from its list.
    const { id } = runs.current!;
    const later = await serve(new RunManager(new FakeParts(), new RunArchive(folder)));
    const phone = await open(`${later}/#run=none`, PHONE);
    await reads(phone, '#badge', /^unknown run$/);
    await until(phone, `[...document.querySelectorAll('#runs option')].some(({ value }) => value === '${id}')`);
    await phone.select('#runs', id);
    await reads(phone, '#badge', /^interrupted$/);
    await until(phone, "document.querySelectorAll('#load canvas').length >= 7");
    const [width, room] = (await phone.evaluate('[document.documentElement.scrollWidth, innerWidth]')) as number[];
    expect(width).toBe(room);
    complaints = complaints.filter((text) => !text.includes('404'));
    expect(complaints).toEqual([]);
  });

  it('lets nothing that servers say become markup', async () => {
    const parts = new FakeParts();
    const runs = new RunManager(parts);
    const page = await open(await serve(runs));
    await reads(page, '#badge', /^idle$/);
    const evil = '<img src=x onerror="document.title=1">';
    parts.service.readiness = 'insufficient';
    await start(page, PLAN);
    await page.waitForSelector('#log:not([hidden])');
    await page.click('#pause');
    await reads(page, '#events', /arrivals paused/);
    runs.current!.events.publish({ time: Date.now(), type: 'run.warning', message: evil });
    await reads(page, '#events', /<img src=x/);
    expect(await page.$('#main img')).toBeNull();
    expect(complaints).toEqual([]);
  });

  it('asks for the token, says when it is wrong, and then follows events with the right one', async () => {
    const parts = new FakeParts();
    parts.service.readiness = 'insufficient';
    const runs = new RunManager(parts);
    const page = await open(await serve(runs, { token: new AccessToken(TOKEN), hosts: new Set() }));
    await reads(page, '#asks', /^This daemon needs a token/);
    await page.type('#token', 'wrong-wrong-wrong-wrong');
    await page.keyboard.press('Enter');
    await reads(page, '#asks', /^That token is wrong/);
    await fill(page, '#token', TOKEN);
    await page.keyboard.press('Enter');
    await reads(page, '#badge', /^idle$/);
    // The browser itself notes each refusal.
    complaints = complaints.filter((text) => !text.includes('401'));
    await start(page, PLAN);
    await page.waitForSelector('#log:not([hidden])');
    await page.click('#pause');
    await reads(page, '#events', /arrivals paused/);
    expect(complaints).toEqual([]);
  });
});
