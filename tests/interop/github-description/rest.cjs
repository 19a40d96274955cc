// GitHub's OpenAPI description: finds the operation of a request, and says where request and answer differ from it.
"use strict";

const Ajv = require("ajv/dist/2019").default;
const formats = require("ajv-formats").default;

// Where the schemas are, for references between them.
const NAMES = "https://api.github.com/schemas";

// An OpenAPI 3.0 schema as JSON Schema: `nullable` becomes a type, a reference stays one. Of an answer, fields that the
// description does not have are refused.
function schema(of, closed) {
    if (Array.isArray(of)) return of.map((one) => schema(one, closed));
    if (typeof of !== "object" || of === null) return of;
    if (of.$ref) return { $ref: of.$ref.replace("#/components/schemas/", `${NAMES}/${closed}/`) };
    const { nullable, discriminator, example, examples, xml, externalDocs, deprecated, readOnly, ...kept } = of;
    const made = {};
    for (const [key, value] of Object.entries(kept)) {
        if (key.startsWith("x-")) continue;
        if (key === "properties") {
            made.properties = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, schema(one, closed)]));
        } else if (["items", "additionalProperties", "not", "allOf", "anyOf", "oneOf"].includes(key)) {
            // The parts of what is all of several are open: the whole is closed.
            made[key] = schema(value, key === "allOf" ? "open" : closed);
        } else if (key === "enum" && nullable) {
            made.enum = [...value, null];
        } else {
            made[key] = value;
        }
    }
    // Several alternatives of answers overlap once they are read without what tells them apart.
    if (made.oneOf) {
        made.anyOf = made.oneOf;
        delete made.oneOf;
    }
    if (closed === "closed" && (made.properties || made.allOf) && made.additionalProperties === undefined && !made.anyOf) {
        made.unevaluatedProperties = false;
    }
    return nullable ? { anyOf: [made, { type: "null" }] } : made;
}

class Description {
    constructor(document) {
        this.document = document;
        this.ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true, coerceTypes: false });
        formats(this.ajv);
        this.ajv.addFormat("repo.nwo", /^[^/]+\/[^/]+$/);
        for (const closed of ["open", "closed"]) {
            for (const [name, one] of Object.entries(document.components.schemas)) {
                this.ajv.addSchema(schema(one, closed), `${NAMES}/${closed}/${name}`);
            }
        }
        this.coercing = new Ajv({ strict: false, coerceTypes: true });
        formats(this.coercing);
        this.compiled = new Map();
        this.routes = Object.entries(document.paths).map(([template, item]) => ({
            template,
            item,
            parts: template.split("/"),
        }));
    }

    resolve(one) {
        if (!one?.$ref) return one;
        return one.$ref.slice(2).split("/").reduce((at, key) => at[key], this.document);
    }

    // The operation of a request: of several templates the one with the most words of its own.
    operation(method, path) {
        const parts = path.split("/");
        const fits = (route) =>
            route.parts.length === parts.length &&
            route.item[method] &&
            route.parts.every((part, at) => part.startsWith("{") || part === parts[at]);
        const words = (route) => route.parts.filter((part) => !part.startsWith("{")).length;
        return this.routes.filter(fits).sort((one, other) => words(other) - words(one))[0];
    }

    // What is wrong with `value` by the schema of `at`.
    faults(at, of, value, closed) {
        const key = `${closed} ${at}`;
        if (!this.compiled.has(key)) this.compiled.set(key, this.ajv.compile(schema(of, closed)));
        const validate = this.compiled.get(key);
        if (validate(value)) return [];
        return validate.errors.map((error) => `${error.instancePath || "/"} ${error.message} ${JSON.stringify(error.params)}`);
    }

    request(route, method, path, query, body) {
        const operation = route.item[method];
        const faults = [];
        const parameters = [...(route.item.parameters ?? []), ...(operation.parameters ?? [])].map((one) => this.resolve(one));
        const given = { path: {}, query: {} };
        route.parts.forEach((part, at) => {
            if (part.startsWith("{")) given.path[part.slice(1, -1)] = decodeURIComponent(path.split("/")[at]);
        });
        for (const [name, value] of new URLSearchParams(query)) given.query[name] = value;
        for (const where of ["path", "query"]) {
            for (const [name, value] of Object.entries(given[where])) {
                const parameter = parameters.find((one) => one.in === where && one.name === name);
                if (!parameter) {
                    faults.push(`there is no parameter ${name} in the ${where}`);
                    continue;
                }
                // A date, says the schema; its text says that it is written as in searches, `>=` before it.
                if (name === "created") continue;
                const holder = { value };
                const of = { type: "object", properties: { value: schema(this.resolve(parameter.schema), "open") } };
                const inlined = JSON.parse(JSON.stringify(of), (_, one) =>
                    one?.$ref ? schema(this.document.components.schemas[one.$ref.split("/").pop()], "open") : one,
                );
                if (!this.coercing.validate(inlined, holder)) {
                    faults.push(`${name}=${value} in the ${where}: ${this.coercing.errorsText()}`);
                }
            }
        }
        for (const parameter of parameters) {
            if (parameter.in === "query" && parameter.required && !(parameter.name in given.query)) {
                faults.push(`the parameter ${parameter.name} is missing in the query`);
            }
        }
        const described = this.resolve(operation.requestBody)?.content?.["application/json"]?.schema;
        if (body !== null && !described) faults.push("it has a body, which is not described");
        if (body === null && this.resolve(operation.requestBody)?.required) faults.push("it has no body");
        if (body !== null && described) {
            faults.push(...this.faults(`${method} ${route.template}`, described, body, "closed"));
        }
        return faults;
    }

    answer(route, method, status, body) {
        const responses = route.item[method].responses;
        // What HTTP itself says of any request (RFC 9110), and what GitHub's pages on the REST API say of all of them.
        if (status === 304 || status === 301 || status === 307 || status === 302) {
            return body === null || typeof body.message === "string" ? [] : ["the answer has a body"];
        }
        const described = this.resolve(responses[status]);
        const content = described?.content;
        const error = { $ref: "#/components/schemas/basic-error" };
        const of = content ? Object.values(content)[0].schema : undefined;
        if (!described && status < 400) return [`there is no answer ${status}`];
        if (!described || (status >= 400 && !of)) return this.faults("error", error, body, "open");
        if (!of) return body === null ? [] : ["the answer has a body, which is not described"];
        return this.faults(`${method} ${route.template} ${status}`, of, body, status < 400 ? "closed" : "open");
    }
}

module.exports = { Description };
