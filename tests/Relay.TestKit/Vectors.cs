using System.Text.Json;

namespace Relay.TestKit;

/// <summary>The test vectors beside the tests, one object per case.</summary>
internal static class Vectors
{
    public static IReadOnlyList<JsonElement> Read(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "vectors", file)));
        return [.. document.RootElement.EnumerateArray().Select(element => element.Clone())];
    }

    public static string Text(this JsonElement element, string property) => element.GetProperty(property).GetString()!;
}
