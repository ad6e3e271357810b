using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace Relay.Configuration;

/// <summary>
/// Where settings come from, later ones winning: the file, the environment (<c>RELAY__Section__Key</c>), the command
/// line (<c>--Section:Key value</c>).
/// </summary>
internal static class ConfigurationSources
{
    private const string EnvironmentPrefix = "RELAY__";

    /// <summary>
    /// The file in use when none is named: the working directory's, else the one that came with the program.
    /// </summary>
    public static string DefaultFile
    {
        get
        {
            var here = Path.Combine("config", "relay.json");
            return File.Exists(here) ? here : Path.Combine(AppContext.BaseDirectory, here);
        }
    }

    /// <summary>Adds all sources, or says why they cannot be read.</summary>
    /// <param name="builder">Gets the sources.</param>
    /// <param name="file">The configuration file.</param>
    /// <param name="settings">What follows the command: <c>--Section:Key value</c> or
    /// <c>--Section:Key=value</c>.</param>
    public static IReadOnlyList<string> AddTo(
        IConfigurationBuilder builder, string file, IReadOnlyList<string> settings)
    {
        var faults = new List<string>();
        CheckFile(file, faults);
        CheckSettings(settings, faults);
        if (faults.Count == 0)
        {
            builder.AddJsonFile(Path.GetFullPath(file), optional: false, reloadOnChange: false);
            builder.AddEnvironmentVariables(EnvironmentPrefix);
            builder.AddCommandLine([.. settings]);
        }

        return faults;
    }

    private static void CheckFile(string file, List<string> faults)
    {
        try
        {
            using var stream = File.OpenRead(file);
            using var json = JsonDocument.Parse(
                stream, new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
            if (json.RootElement.ValueKind != JsonValueKind.Object)
            {
                faults.Add($"{file}: it does not hold a JSON object; begin with {{ and name sections in it");
                return;
            }

            // JSON may name a key twice, in the same letter case or another; the configuration may not, and throws.
            new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(file)).Build();
        }
        catch (JsonException fault)
        {
            faults.Add($"{file}: line {fault.LineNumber + 1}, column {fault.BytePositionInLine + 1}: not JSON: {ReasonOf(fault)}");
        }
        catch (InvalidDataException fault)
        {
            faults.Add($"{file}: cannot be used: {fault.InnerException?.Message ?? fault.Message}; give every key once");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            faults.Add($"{file}: cannot be read: {fault.Message}; name the configuration with --config FILE");
        }
    }

    // The parser repeats the place, counted from 0, at the end of its message.
    private static string ReasonOf(JsonException fault)
    {
        var end = fault.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? fault.Message : fault.Message[..end];
    }

    private static void CheckSettings(IReadOnlyList<string> settings, List<string> faults)
    {
        for (var i = 0; i < settings.Count; i++)
        {
            var setting = settings[i];
            if (!setting.StartsWith("--", StringComparison.Ordinal) || !setting.Contains(':', StringComparison.Ordinal))
            {
                faults.Add($"\"{setting}\": neither a command nor an option; relay --help lists the commands, settings are written --Section:Key value");
            }
            else if (!setting.Contains('=', StringComparison.Ordinal) && ++i == settings.Count)
            {
                faults.Add($"{setting[2..]}: has no value; write {setting} value");
            }
        }
    }
}
