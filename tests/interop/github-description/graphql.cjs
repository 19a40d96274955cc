// GitHub's GraphQL schema: says where a query, and what was answered to it, differ from it.
"use strict";

const { buildSchema, execute, getNamedType, parse, validate } = require("graphql");

class Schema {
    constructor(text) {
        this.schema = buildSchema(text, { assumeValid: true });
    }

    // An answer is executed as if it were the data that the query asks for: a field that is missing where it may not be, and
    // a value of another type or enum, is an error then; what the query did not ask for is not in what comes out.
    faults(asked, answered) {
        const document = parse(asked.query);
        const faults = validate(this.schema, document).map((error) => error.message);
        if (faults.length > 0 || !answered?.data) return faults;
        const result = execute({
            schema: this.schema,
            document,
            rootValue: answered.data,
            variableValues: asked.variables,
            fieldResolver: (source, _arguments, _context, info) => source[info.path.key],
            typeResolver: (value, _context, info) => value.__typename ?? this.fitting(info),
        });
        faults.push(...(result.errors ?? []).map((error) => `${error.path.join(".")}: ${error.message}`));
        if (faults.length === 0 && JSON.stringify(sorted(result.data)) !== JSON.stringify(sorted(answered.data))) {
            faults.push("the answer has more than what was asked for");
        }
        return faults;
    }

    // An answer without `__typename` is taken for one of the type that the query's fragment is about; without a fragment,
    // for any that the interface allows.
    fitting(info) {
        const [first] = info.fieldNodes[0].selectionSet.selections;
        const fragment = first.kind === "FragmentSpread" ? info.fragments[first.name.value] : first;
        return fragment.typeCondition?.name.value ?? this.schema.getPossibleTypes(getNamedType(info.returnType))[0].name;
    }
}

function sorted(value) {
    if (Array.isArray(value)) return value.map(sorted);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

module.exports = { Schema };
