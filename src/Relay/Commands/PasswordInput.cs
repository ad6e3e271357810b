using System.Security.Cryptography;
using System.Text;

namespace Relay.Commands;

/// <summary>Takes a password from the terminal without showing it, or the first line of what is piped in; never from the command line,
/// which other users of the machine can see.</summary>
internal static class PasswordInput
{
    private const int MaxOctets = 4096;

    /// <summary>The octets of the password; null when two that were typed differ. The caller clears them.</summary>
    public static byte[]? Read()
    {
        if (Console.IsInputRedirected)
        {
            using var input = Console.OpenStandardInput();
            return ReadLine(input);
        }

        var password = Ask("Password: ");
        var again = Ask("Once more: ");
        var same = password.AsSpan().SequenceEqual(again);
        CryptographicOperations.ZeroMemory(again);
        return same ? password : null;
    }

    private static byte[] ReadLine(Stream input)
    {
        var line = new byte[MaxOctets];
        var length = 0;
        while (length < line.Length && input.ReadByte() is var octet and >= 0 && octet != '\n')
        {
            line[length++] = (byte)octet;
        }

        if (length > 0 && line[length - 1] == (byte)'\r')
        {
            length--;
        }

        var password = line[..length];
        CryptographicOperations.ZeroMemory(line);
        return password;
    }

    private static byte[] Ask(string prompt)
    {
        Console.Error.Write(prompt);
        var letters = new List<char>();
        while (Console.ReadKey(intercept: true) is var key && key.Key != ConsoleKey.Enter)
        {
            if (key.Key == ConsoleKey.Backspace && letters.Count > 0)
            {
                letters.RemoveAt(letters.Count - 1);
            }
            else if (key.KeyChar != '\0' && key.Key != ConsoleKey.Backspace)
            {
                letters.Add(key.KeyChar);
            }
        }

        Console.Error.WriteLine();
        return Encoding.UTF8.GetBytes([.. letters]);
    }
}
