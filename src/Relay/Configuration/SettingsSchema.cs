using System.ComponentModel;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace Relay.Configuration;

/// <summary>
/// Checks that every key given is one that some part reads, and that its value has the form that the part expects. The
/// binder would pass over the first in silence, and a mistyped key is a setting that an operator believes in.
/// </summary>
internal sealed class SettingsSchema(IReadOnlyList<(string Section, Type Options)> sections)
{
    /// <summary>Every fault found, each with its key.</summary>
    public IReadOnlyList<string> Check(IConfiguration configuration)
    {
        var faults = new List<string>();
        foreach (var section in configuration.GetChildren())
        {
            var readers = sections.Where(s => Same(s.Section, section.Key)).Select(s => s.Options).ToList();
            if (readers.Count == 0)
            {
                faults.Add(Unknown(section.Path, section.Key, sections.Select(s => s.Section)));
                continue;
            }

            CheckObject(section, readers, faults);
        }

        return faults;
    }

    private static void CheckObject(IConfigurationSection section, IReadOnlyList<Type> readers, List<string> faults)
    {
        var properties = readers.SelectMany(ReadableProperties).ToList();
        foreach (var child in section.GetChildren())
        {
            var property = properties.FirstOrDefault(p => Same(p.Name, child.Key));
            if (property is null)
            {
                faults.Add(Unknown(child.Path, child.Key, properties.Select(p => p.Name)));
                continue;
            }

            CheckValue(child, property.PropertyType, faults);
        }
    }

    private static void CheckValue(IConfigurationSection section, Type type, List<string> faults)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        if (ElementOf(plain) is { } element)
        {
            CheckList(section, element, faults);
        }
        else if (IsScalar(plain))
        {
            CheckScalar(section, plain, faults);
        }
        else
        {
            CheckObject(section, [plain], faults);
        }
    }

    private static void CheckList(IConfigurationSection section, Type element, List<string> faults)
    {
        if (!string.IsNullOrEmpty(section.Value))
        {
            faults.Add($"{section.Path}: \"{section.Value}\" stands where a list is expected; write [ … ], or {section.Path}:0");
        }

        foreach (var item in section.GetChildren())
        {
            if (!int.TryParse(item.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                faults.Add($"{item.Path}: \"{item.Key}\" is not a position in a list; number the entries from 0");
                continue;
            }

            CheckValue(item, element, faults);
        }
    }

    private static void CheckScalar(IConfigurationSection section, Type type, List<string> faults)
    {
        if (section.GetChildren().Any())
        {
            faults.Add($"{section.Path}: a list or an object stands where {Describe(type)} is expected");
        }
        else if (section.Value is not { } value)
        {
            // null or {}: the binder would put a null where the parts count on a value.
            faults.Add($"{section.Path}: it has no value; write {Describe(type)}, or leave the key out");
        }
        else if (type != typeof(string) && !CanConvert(type, value))
        {
            faults.Add($"{section.Path}: \"{value}\" is not {Describe(type)}");
        }
    }

    private static bool CanConvert(Type type, string value)
    {
        if (type.IsEnum)
        {
            return Enum.GetNames(type).Any(name => Same(name, value));
        }

        try
        {
            return TypeDescriptor.GetConverter(type).ConvertFromInvariantString(value) is not null;
        }
        catch (Exception fault) when (fault is FormatException or ArgumentException or NotSupportedException or OverflowException)
        {
            // Converters have no Try form; what they throw is the answer "no".
            return false;
        }
    }

    private static string Describe(Type type)
    {
        if (type.IsEnum)
        {
            return "one of " + string.Join(", ", Enum.GetNames(type));
        }

        return type switch
        {
            _ when type == typeof(bool) => "true or false",
            _ when type == typeof(TimeSpan) =>
                "a duration; write days.hours:minutes:seconds, for example 00:05:00 or 5.00:00:00",
            _ when type == typeof(DateTimeOffset) => "a time; write for example 2026-12-31T00:00:00Z",
            _ when type == typeof(string) => "text",
            _ => "a whole number in range",
        };
    }

    private static string Unknown(string path, string key, IEnumerable<string> known)
    {
        var candidates = known.Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal).ToList();
        var near = candidates.Where(name => EditDistance(name, key) <= 2).ToList();
        var hint = near.Count > 0 ? $"did you mean {near[0]}?" : $"known here: {string.Join(", ", candidates)}";
        return $"{path}: unknown key; {hint}";
    }

    private static IEnumerable<PropertyInfo> ReadableProperties(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite);

    private static Type? ElementOf(Type type) =>
        type.IsArray
            ? type.GetElementType()
            : type.IsGenericType && typeof(System.Collections.IEnumerable).IsAssignableFrom(type)
                ? type.GetGenericArguments()[0]
                : null;

    private static bool IsScalar(Type type) =>
        type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(TimeSpan) || type == typeof(decimal)
        || type == typeof(Uri) || type == typeof(DateTimeOffset);

    private static bool Same(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    private static int EditDistance(string a, string b)
    {
        var previous = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var current = new int[b.Length + 1];
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var same = char.ToUpperInvariant(a[i - 1]) == char.ToUpperInvariant(b[j - 1]);
                current[j] = Math.Min(Math.Min(current[j - 1], previous[j]) + 1, previous[j - 1] + (same ? 0 : 1));
            }

            previous = current;
        }

        return previous[b.Length];
    }
}
