// Holds the exchanges that tests noted (tests/github/exchanges.rs) to GitHub's own descriptions of its API: each request that
// windlass sends, and each answer that a stand-in gives.
//
//   NODE_PATH=TOOLS/node/node_modules node check.cjs EXCHANGES
"use strict";

const fs = require("fs");
const path = require("path");
const { Description } = require("./rest.cjs");
const { Schema } = require("./graphql.cjs");

const folder = (name) => path.join(process.env.NODE_PATH, name);
const rest = new Description(JSON.parse(fs.readFileSync(`${folder("@octokit/openapi")}/generated/api.github.com.json`, "utf8")));
const graphql = new Schema(fs.readFileSync(`${folder("@octokit/graphql-schema")}/schema.graphql`, "utf8"));

const found = new Map();
const operations = new Set();
let exchanges = 0;

function note(where, fault) {
    const line = `${where}: ${fault}`;
    found.set(line, (found.get(line) ?? 0) + 1);
}

for (const line of fs.readFileSync(process.argv[2], "utf8").split("\n").filter(Boolean)) {
    const { stand_in, method, path: whole, asked, status, answered, wrong } = JSON.parse(line);
    exchanges += 1;
    const [at, query = ""] = whole.split("?");
    if (at === "/graphql") {
        operations.add("graphql");
        const faults = graphql.faults(asked, wrong || status !== 200 ? null : answered);
        for (const fault of faults) note(`${stand_in} graphql`, fault);
        continue;
    }
    // Where a repository has moved to is told with its number, which stands for owner and name.
    const named = at.replace(/^\/repositories\/\d+/, "/repos/owner/name");
    const verb = method.toLowerCase();
    const route = rest.operation(verb, named);
    if (!route) {
        note(stand_in, `${method} ${at} is not described`);
        continue;
    }
    operations.add(`${method} ${route.template}`);
    const where = `${stand_in} ${method} ${route.template}`;
    for (const fault of rest.request(route, verb, named, query, asked)) note(`${where} asked`, fault);
    if (wrong) continue;
    for (const fault of rest.answer(route, verb, status, answered)) note(`${where} ${status}`, fault);
}

for (const [line, times] of [...found].sort()) console.log(`${line} (${times})`);
console.log(`${exchanges} exchanges of ${operations.size} operations, ${found.size} differences`);
process.exit(exchanges > 0 && found.size === 0 ? 0 : 1);
