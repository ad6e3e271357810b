using System.Text.Json;
using System.Text.Json.Serialization;

namespace Relay.Admin;

/// <summary>
/// How the admin socket and the commands' <c>--json</c> write values: kebab-case names, as in the log.
/// </summary>
internal static class AdminJson
{
    /// <summary>For the client's side and for <c>--json</c>.</summary>
    public static JsonSerializerOptions Options { get; } = Make();

    /// <summary>Applies the same to the server's side.</summary>
    public static void Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.KebabCaseLower;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower));
        options.Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
    }

    private static JsonSerializerOptions Make()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web) { WriteIndented = true };
        Configure(options);
        return options;
    }
}
