using System.Text.Json;
using System.Text.RegularExpressions;

namespace Relay.TestKit;

/// <summary>Validates against the keywords of JSON Schema that the report's schema uses; any other keyword is a fault.</summary>
internal sealed class JsonSchemaCheck(JsonElement root)
{
    private static readonly HashSet<string> Annotations = ["$schema", "$id", "$defs", "title", "description", "format", "then"];

    public static IReadOnlyList<string> Validate(string schemaFile, ReadOnlyMemory<byte> json)
    {
        using var schema = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "vectors", schemaFile)));
        using var document = JsonDocument.Parse(json);
        var faults = new List<string>();
        new JsonSchemaCheck(schema.RootElement).Check(schema.RootElement, document.RootElement, "$", faults);
        return faults;
    }

    private void Check(JsonElement schema, JsonElement value, string path, List<string> faults)
    {
        foreach (var keyword in schema.EnumerateObject().Where(keyword => !Annotations.Contains(keyword.Name)))
        {
            if (!Holds(schema, keyword, value, path, faults))
            {
                faults.Add($"{path}: {keyword.Name} {keyword.Value}");
            }
        }
    }

    private bool IsValid(JsonElement schema, JsonElement value)
    {
        var faults = new List<string>();
        Check(schema, value, string.Empty, faults);
        return faults.Count == 0;
    }

    private bool Holds(JsonElement schema, JsonProperty keyword, JsonElement value, string path, List<string> faults)
    {
        var rule = keyword.Value;
        switch (keyword.Name)
        {
            case "$ref":
                Check(Resolve(rule.GetString()!), value, path, faults);
                return true;
            case "allOf":
                foreach (var part in rule.EnumerateArray())
                {
                    Check(part, value, path, faults);
                }

                return true;
            case "anyOf":
                return rule.EnumerateArray().Any(part => IsValid(part, value));
            case "not":
                return !IsValid(rule, value);
            case "if":
                if (IsValid(rule, value) && schema.TryGetProperty("then", out var then))
                {
                    Check(then, value, path, faults);
                }

                return true;
            case "const":
                return JsonElement.DeepEquals(rule, value);
            case "enum":
                return rule.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value));
            case "type":
                return IsOfType(rule.GetString()!, value);
            default:
                return value.ValueKind switch
                {
                    JsonValueKind.Object => HoldsForObject(schema, keyword, value, path, faults),
                    JsonValueKind.Array => HoldsForArray(keyword, value, path, faults),
                    JsonValueKind.String => HoldsForString(keyword, value.GetString()!),
                    JsonValueKind.Number => keyword.Name switch
                    {
                        "minimum" => value.GetInt64() >= rule.GetInt64(),
                        "maximum" => value.GetInt64() <= rule.GetInt64(),
                        _ => IsKnown(keyword.Name),
                    },
                    _ => IsKnown(keyword.Name),
                };
        }
    }

    private bool HoldsForObject(
        JsonElement schema, JsonProperty keyword, JsonElement value, string path, List<string> faults)
    {
        switch (keyword.Name)
        {
            case "required":
                return keyword.Value.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _));
            case "additionalProperties":
                return keyword.Value.GetBoolean()
                    || value.EnumerateObject().All(member => schema.GetProperty("properties").TryGetProperty(member.Name, out _));
            case "properties":
                foreach (var property in keyword.Value.EnumerateObject())
                {
                    if (value.TryGetProperty(property.Name, out var member))
                    {
                        Check(property.Value, member, $"{path}.{property.Name}", faults);
                    }
                }

                return value.EnumerateObject().Select(member => member.Name).Distinct().Count() == value.EnumerateObject().Count();
            default:
                return IsKnown(keyword.Name);
        }
    }

    private bool HoldsForArray(JsonProperty keyword, JsonElement value, string path, List<string> faults)
    {
        switch (keyword.Name)
        {
            case "minItems":
                return value.GetArrayLength() >= keyword.Value.GetInt32();
            case "maxItems":
                return value.GetArrayLength() <= keyword.Value.GetInt32();
            case "uniqueItems":
                return value.EnumerateArray().Select(item => item.GetRawText()).Distinct().Count() == value.GetArrayLength();
            case "items":
                var index = 0;
                foreach (var item in value.EnumerateArray())
                {
                    Check(keyword.Value, item, $"{path}[{index++}]", faults);
                }

                return true;
            default:
                return IsKnown(keyword.Name);
        }
    }

    private static bool HoldsForString(JsonProperty keyword, string value) => keyword.Name switch
    {
        "minLength" => value.Length >= keyword.Value.GetInt32(),
        "maxLength" => value.Length <= keyword.Value.GetInt32(),
        "pattern" => Regex.IsMatch(value, keyword.Value.GetString()!, RegexOptions.ECMAScript, TimeSpan.FromSeconds(10)),
        _ => IsKnown(keyword.Name),
    };

    private static bool IsOfType(string type, JsonElement value) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        _ => false,
    };

    // A keyword for another kind of value says nothing about this one (JSON Schema 2020-12, Validation §6).
    private static bool IsKnown(string keyword) => keyword is "required" or "additionalProperties" or "properties" or "minItems"
        or "maxItems" or "uniqueItems" or "items" or "minLength" or "maxLength" or "pattern" or "minimum" or "maximum";

    private JsonElement Resolve(string reference) =>
        reference.Split('/').Skip(1).Aggregate(root, (element, name) => element.GetProperty(name));
}
